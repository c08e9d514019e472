"""What the release cleans: a topic into which messages come whenever somebody waits for something."""

import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

from harness.admin import Admin
from harness.broker import Broker
from harness.poll import wait_until
from harness.produce import Account
from harness.reader import read_topic
from harness.verifier import Report, verify

PARTITIONS = 4
_COPIES = 0.3
_AT_ONCE = 50


class Traffic:
    """New messages, and copies of any earlier one in its partition: several pods may share the partitions."""

    def __init__(self, broker: Broker) -> None:
        self.brokers = broker.plaintext
        self.admin = Admin(broker.plaintext)
        self.group, self.input, self.output = "dedup", "orders", "orders.unique"
        for topic in (self.input, self.output):
            self.admin.create_topic(topic, PARTITIONS)
        self._account = Account(broker.plaintext)
        self._random = random.Random(11)
        self._made = 0
        self.summary = ""
        """What the verifier found last."""

    def send(self, count: int) -> None:
        for _ in range(count):
            copied = self._made and self._random.random() < _COPIES
            self._made += not copied
            ident = self._random.randrange(self._made) if copied else self._made - 1
            value = json.dumps({"id": ident, "sent_at": time.time()}).encode()
            self._account.send(self.input, ident % PARTITIONS, ident=ident, key=b"k", value=value)

    def wait(self, condition: Callable[[], bool], what: str, timeout_s: float = 180.0) -> None:
        """Messages come all the time until then."""

        def come_true() -> bool:
            self.send(_AT_ONCE)
            return condition()

        wait_until(come_true, what, timeout_s, every_s=0.1)

    def send_during(self, command: list[str], **options: Any) -> str:
        """What the command prints, which must succeed, while messages come; `options` as subprocess takes them."""
        with tempfile.TemporaryFile("w+") as log:
            running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
            try:
                self.wait(lambda: running.poll() is not None, f"'{' '.join(command)}' ends", 300)
            finally:
                running.kill()
                running.wait()
            log.seek(0)
            said = log.read()
        assert running.returncode == 0, f"{' '.join(command)}:\n{said}"
        return said

    def consumed(self) -> int:
        """Messages that the group has committed."""
        return sum(self.admin.committed(self.group, self.input).values())

    def report(self) -> Report:
        """Once everything sent has been cleaned: what a read_committed reader finds, beside it."""
        self._account.flush()
        self.admin.wait_drained(self.group, self.input, 120)
        report = verify(self._account.sent, read_topic(self.brokers, self.output), self.output)
        self.summary = report.summary
        return report

    def assert_exact(self) -> Report:
        report = self.report()
        assert report.exact, str(report)
        return report
