"""A daemon in the states that its page has to tell apart."""

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

    def draws(self) -> None:
        """Until there is something to be seen in the charts, which takes two samples."""
        wait_until(lambda: "<polyline" in self.server.get("/status"), "a chart has a line", timeout_s=60, every_s=0.5)

    def draws_while_written_to(self) -> None:
        wait_until(
            lambda: self.stream.write() or "<polyline" in self.server.get("/status"),
            "a chart has a line",
            timeout_s=60,
            every_s=0.5,
        )


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
            scene.draws_while_written_to()
        scene.comes_to_say("healthy")
        yield scene


@contextmanager
def _catching_up(folder: Path, drawn: bool) -> Iterator[Scene]:
    with _running(folder, delivery={"max_batch": 10}) as scene:
        scene.stream.fill(_BACKLOG)
        if drawn:
            scene.draws()
        scene.comes_to_say("behind")
        yield scene


@contextmanager
def _store_full(folder: Path, drawn: bool) -> Iterator[Scene]:
    with _running(folder, store={"max_size": "16MiB"}) as scene:
        scene.stream.fill(_TOO_MANY_KEYS)
        scene.comes_to_say("shortened")
        if drawn:
            scene.draws_while_written_to()
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
