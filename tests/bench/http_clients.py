#!/usr/bin/env python3
"""Clients of an HTTP server, many of them in one thread, until SIGTERM; then one line of JSON says what they got.

  http_clients.py HOST:PORT --connections 200 --slow 40 --pace 1

Every connection asks for a page once in so many seconds, and is opened again as soon as the server has closed it: so
many are open, or wait to be accepted, all the time. A slow client sends a byte a second of headers that never end,
until it is cut off, and comes again. They come from several addresses of the loopback network, since a server may allow
only some connections of one. All that is due is done every few milliseconds: to wake up for each would cost more."""

import argparse
import heapq
import itertools
import json
import select
import signal
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.poll import hold, wait_until

_PAGES = ("/metrics", "/status")
_SLOW_HEAD = b"GET /status HTTP/1.1\r\nHost: firstseen\r\nX-Slow: "
_SLOW_EVERY_S = 1.0
_ADDRESSES = 16  # 127.0.0.2 and so on
_TURN_S = 0.01
_BUFFER_BYTES = 1 << 18
_START_TIMEOUT_S = 60.0

Target = tuple[str, int]


@dataclass
class Client:
    """One connection after another."""

    source: str
    request: bytes
    slow: bool
    due_s: float  # when it sends next, unless it waits for an answer
    connection: socket.socket | None = None
    sent: int = 0  # bytes, by a slow one
    asked: bool = False  # and not answered
    status: bytes = b""


class Load:
    def __init__(self, target: Target, connections: int, slow: int, pace_s: float) -> None:
        self._target, self._pace_s = target, pace_s
        self._epoll = select.epoll()
        self._open: dict[int, Client] = {}  # by descriptor
        self._due: list[tuple[float, int, Client]] = []
        self._numbers = itertools.count()  # no two entries of _due are alike
        self._buffer = bytearray(_BUFFER_BYTES)
        self.answers: Counter[str] = Counter()  # by status
        self.unanswered = 0  # connections that the server closed instead
        self.cut_off = 0  # slow ones
        self.bytes = 0
        self._start(connections, slow)

    def _start(self, connections: int, slow: int) -> None:
        """Spread over the first interval: the first thing that each does is to connect."""
        now = time.monotonic()
        for number in range(connections + slow):
            page = _PAGES[number % len(_PAGES)]
            request = f"GET {page} HTTP/1.1\r\nHost: firstseen\r\n\r\n".encode()
            due_s = now + self._pace_s * number / (connections + slow)
            source = f"127.0.0.{2 + number % _ADDRESSES}"
            self._schedule(Client(source, request, number >= connections, due_s))

    def turn(self) -> None:
        for descriptor, _ in self._epoll.poll(0):
            self._read(self._open[descriptor])
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            self._act(heapq.heappop(self._due)[2], now)

    def _schedule(self, client: Client) -> None:
        heapq.heappush(self._due, (client.due_s, next(self._numbers), client))

    def _act(self, client: Client, now: float) -> None:
        every_s = _SLOW_EVERY_S if client.slow else self._pace_s
        if client.connection is None:
            self._connect(client)
            client.due_s += every_s
            self._schedule(client)
        elif not self._send(client):
            client.due_s = now + _TURN_S  # not connected yet, or closed: its end is to be read
            self._schedule(client)
        elif client.slow:
            client.due_s = max(client.due_s + every_s, now)
            self._schedule(client)
        else:
            client.asked = True

    def _send(self, client: Client) -> bool:
        assert client.connection is not None
        try:
            if client.slow:
                client.sent += client.connection.send(_SLOW_HEAD[client.sent : client.sent + 1] or b"x")
            else:
                client.connection.send(client.request)
        except OSError:
            return False
        return True

    def _connect(self, client: Client) -> None:
        made = socket.socket()
        made.setblocking(False)
        made.bind((client.source, 0))
        made.connect_ex(self._target)  # in progress; a failure is read as its end
        client.connection, client.sent, client.asked, client.status = made, 0, False, b""
        self._open[made.fileno()] = client
        self._epoll.register(made, select.EPOLLIN)

    def _read(self, client: Client) -> None:
        assert client.connection is not None
        try:
            while got := client.connection.recv_into(self._buffer):
                self.bytes += got
                client.status = client.status or bytes(self._buffer[9:12])  # HTTP/1.1 200
        except BlockingIOError:
            return
        except OSError:
            pass
        self._ended(client)

    def _ended(self, client: Client) -> None:
        assert client.connection is not None
        asked = client.asked
        if client.slow:
            self.cut_off += 1
        elif client.status:
            self.answers[client.status.decode(errors="replace")] += 1
        else:
            self.unanswered += 1
        del self._open[client.connection.fileno()]
        client.connection.close()
        self._connect(client)
        if asked:
            client.due_s = max(client.due_s + self._pace_s, time.monotonic())
            self._schedule(client)


def _accepts(target: Target) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(target) == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--slow", type=int, required=True)
    parser.add_argument("--pace", type=float, required=True, help="seconds between two requests of a connection")
    options = parser.parse_args()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    print("ready", flush=True)
    host, _, port = options.address.rpartition(":")
    target = (host, int(port))
    wait_until(lambda: _accepts(target), f"{options.address} accepts connections", _START_TIMEOUT_S, every_s=0.02)
    load = Load(target, options.connections, options.slow, options.pace)
    start_s, start_cpu_s = time.monotonic(), time.process_time()
    while not stopping.is_set() or not load.answers:  # at least one: a load that nobody answers is none
        load.turn()
        hold(_TURN_S)
    seconds, cpu_s = time.monotonic() - start_s, time.process_time() - start_cpu_s
    told = {"seconds": seconds, "answers": load.answers, "unanswered": load.unanswered, "cut_off": load.cut_off}
    print(json.dumps({**told, "bytes": load.bytes, "cores": cpu_s / seconds}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
