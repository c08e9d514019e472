"""What most tests on the broker need: topics of their own, an account of what was sent, daemons that are ended."""

import json
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .admin import Admin
from .broker import Broker
from .daemon import Daemon, config
from .produce import Account, Sent
from .reader import read_topic
from .record import Headers, Record
from .verifier import Report, verify

FAST_SESSION = {"session.timeout.ms": "3000", "heartbeat.interval.ms": "500"}
"""A killed or stopped static member is out of its group after three seconds."""


class Lab:
    def __init__(self, broker: Broker, admin: Admin, directory: Path, name: str) -> None:
        self.broker, self.admin, self.directory = broker, admin, directory
        self.group, self.input, self.output = f"{name}.group", f"{name}.in", f"{name}.out"
        self.rejects, self.duplicates = f"{name}.rejects", f"{name}.duplicates"
        self.account = Account(broker.plaintext)
        self._daemons: list[Daemon] = []

    def topics(self, partitions: int = 1, **settings: str | int) -> "Lab":
        """Input, output and both side topics with the same settings."""
        for topic in (self.input, self.output, self.rejects, self.duplicates):
            self.admin.create_topic(topic, partitions, **settings)
        return self

    def config(self, name: str = "a", **sections: Mapping[str, Any]) -> dict:
        """The configuration of instance `name`, with a store of its own."""
        sections = {"run": {"instance": name}, **sections}
        return config(self.directory / name, self.broker.plaintext, [self.input], self.group, self.output, **sections)

    def daemon(self, name: str = "a", **sections: Mapping[str, Any]) -> Daemon:
        """A daemon that is not yet started."""
        made = Daemon(self.directory / name, self.config(name, **sections))
        self._daemons.append(made)
        return made

    def send(
        self,
        *idents: Hashable,
        partition: int = 0,
        headers: Headers = (),
        key: bytes | None = None,
        timestamp_ms: int | None = None,
    ) -> None:
        """One message {"id": ident} each, acknowledged."""
        for ident in idents:
            self.account.send(
                self.input,
                partition,
                ident=ident,
                key=key,
                headers=headers,
                timestamp_ms=timestamp_ms,
                value=json.dumps({"id": ident}).encode(),
            )
        self.account.flush()

    def send_value(
        self,
        value: bytes | None,
        ident: Hashable,
        *,
        partition: int = 0,
        headers: Headers = (),
        key: bytes | None = None,
        timestamp_ms: int | None = None,
    ) -> Record:
        """One message with this very value; answers it with its offset."""
        self.account.send(
            self.input, partition, ident=ident, key=key, headers=headers, timestamp_ms=timestamp_ms, value=value
        )
        return self.account.flush().sent[-1].record

    def drained(self, timeout_s: float = 60.0) -> None:
        """Waits until the group has committed all of the input; shows the daemons' logs if it does not."""
        try:
            self.admin.wait_drained(self.group, self.input, timeout_s)
        except AssertionError as error:
            logs = "\n".join(f"--- {daemon.log}\n{daemon.log_tail()}" for daemon in self._daemons)
            raise AssertionError(f"{error}\n{logs}") from None

    def published(self, topic: str | None = None) -> list[Record]:
        """What a read_committed consumer of the output (or of another topic) gets."""
        return list(read_topic(self.broker.plaintext, topic or self.output))

    def report(self, sent: Iterable[Sent] | None = None) -> Report:
        """The output beside everything sent, or beside what is given."""
        return verify(self.account.sent if sent is None else sent, self.published(), self.output)

    def assert_exact(self, sent: Iterable[Sent] | None = None) -> Report:
        report = self.report(sent)
        assert report.exact, str(report)
        return report

    def close(self) -> None:
        for daemon in self._daemons:
            daemon.kill()
