"""A daemon in the states that its page has to tell apart."""

import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.scene import Server, Stream
from harness import process
from harness.daemon import Daemon, config
from harness.poll import wait_until

_VERDICT = re.compile(r'<p class="verdict \w+">(\w+)</p>')
# Ten to a batch, of which the mock cluster commits less than 200 a second: a backlog for a minute.
_BACKLOG = 100_000
# Three to a batch: for five minutes, which is longer than it takes to draw.
_LONG_BACKLOG, _SMALL_BATCH = 200_000, 3
# Spans of ten seconds.
_DRAWN_SPANS = 18
# At 20 bytes a key more than the smallest store holds.
_TOO_MANY_KEYS = 1_300_000


@dataclass
class Scene:
    stream: Stream
    daemon: Daemon
    server: Server

    def says(self) -> str:
        found = _VERDICT.search(self.server.get("/status"))
        return found[1] if found else ""

    def comes_to_say(self, word: str) -> None:
        try:
            wait_until(lambda: self.says() == word, f"the page says {word}", timeout_s=120, every_s=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {self.says()!r}\n{self.daemon.log_tail()}") from None

    def has_consumed(self) -> None:
        nothing = "firstseen_messages_consumed_total 0\n"
        wait_until(lambda: nothing not in (self.server.get("/metrics") or nothing), "something is consumed")

    def spans(self) -> int:
        """What the charts have points for."""
        status = self.server.get("/status.json")
        return len(json.loads(status)["samples"]) if status else 0

    def draws(self, most: int) -> None:
        """Until the charts have three minutes to show, while up to `most` times in a second something is written: more
        and less of it, and now and then what was written before."""
        rounds = itertools.count()

        def go_on() -> bool:
            number = next(rounds)
            for _ in range(round(most * (1 + math.sin(number / 8)) / 2)):
                self.stream.write()
            if number % 50 < 20:
                self.stream.fill(50 * most)
            return self.spans() >= _DRAWN_SPANS

        wait_until(go_on, f"the charts have {_DRAWN_SPANS} points", timeout_s=300, every_s=1)


@contextmanager
def _running(folder: Path, **sections: Any) -> Iterator[Scene]:
    stream = Stream()
    (port,) = process.free_ports(1)
    sections = {"http": {"listen": f"127.0.0.1:{port}"}, "rejects": {"route": "drop"}, **sections}
    daemon = Daemon(folder, config(folder, stream.brokers, ["orders"], "page", "orders.unique", **sections))
    scene = Scene(stream, daemon, Server(f"127.0.0.1:{port}"))
    daemon.start()
    try:
        wait_until(lambda: scene.server.get("/readyz"), "the daemon is ready")
        yield scene
    finally:
        daemon.kill()
        stream.close()


@contextmanager
def _healthy(folder: Path, drawn: bool) -> Iterator[Scene]:
    with _running(folder) as scene:
        scene.stream.write()
        scene.has_consumed()
        if drawn:
            scene.draws(most=4)
        scene.comes_to_say("healthy")
        yield scene


@contextmanager
def _catching_up(folder: Path, drawn: bool) -> Iterator[Scene]:
    with _running(folder, delivery={"max_batch": _SMALL_BATCH if drawn else 10}) as scene:
        scene.stream.fill(_LONG_BACKLOG if drawn else _BACKLOG)
        if drawn:
            scene.draws(most=1)
        scene.comes_to_say("behind")
        yield scene


@contextmanager
def _store_full(folder: Path, drawn: bool) -> Iterator[Scene]:
    with _running(folder, store={"max_size": "16MiB"}) as scene:
        scene.stream.fill(_TOO_MANY_KEYS)
        scene.comes_to_say("shortened")
        if drawn:
            scene.draws(most=4)
        yield scene


@contextmanager
def _broker_down(folder: Path, drawn: bool) -> Iterator[Scene]:
    with _healthy(folder, drawn) as scene:
        scene.stream.close()
        scene.comes_to_say("unready")
        yield scene


@dataclass
class State:
    word: str
    """What the page says."""
    enter: Callable[[Path, bool], AbstractContextManager[Scene]]
    """With a folder for the daemon, and whether there is to be something in the charts."""


STATES = {
    "healthy": State("healthy", _healthy),
    "catching-up": State("behind", _catching_up),
    "store-full": State("shortened", _store_full),
    "broker-down": State("unready", _broker_down),
}
