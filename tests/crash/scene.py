"""What the daemon is killed in: topics on one broker, a stream that never pauses, and the daemon's configuration."""

import threading
from contextlib import suppress
from pathlib import Path

from confluent_kafka import KafkaException
from harness.admin import Admin
from harness.broker import Broker
from harness.daemon import Daemon, config
from harness.poll import TimedOut, wait_until
from harness.produce import Account
from harness.reader import read_topic
from harness.record import Record
from harness.stream import Stream
from harness.verifier import Report, Verifier

PARTITIONS = 4
MAX_BATCH = 500
_OUTPUT_LIMIT = 1_000_000  # bytes, of the output's and the input's largest message
_LOWERED_LIMIT = 200_000
_OVERSIZE = 400_000
_ADDED_HEADERS = b"firstseen"
# With exactly_once, three windows in every batch, so three logs change in every commit. By headers that a message's
# copies share.
_RULES = [
    {"name": "source", "when": {"part": "header:source", "matches": r"\C*"}, "fields": ["payload:/id"], "ttl": "24h"},
    {"name": "trace", "when": {"part": "header:trace", "matches": r"\C*"}, "fields": ["payload:/id"], "ttl": "48h"},
    {"name": "others", "fields": ["payload:/id"], "ttl": "10y"},
]


class Scene:
    """One input topic, its output and rejects topics, and the daemon between them."""

    def __init__(self, broker: Broker, directory: Path, guarantee: str, seed: int) -> None:
        self.admin = Admin(broker.plaintext)
        self._brokers = broker.plaintext
        self.group = guarantee
        self.input, self.output, self.rejects = (f"{guarantee}.{part}" for part in ("in", "out", "rejects"))
        for topic in (self.input, self.output, self.rejects):
            self.admin.create_topic(topic, PARTITIONS, max_message_bytes=_OUTPUT_LIMIT)
        self.account = Account(broker.plaintext)
        self.stream = Stream(self.account, self.input, PARTITIONS, seed)
        self.daemon = Daemon(
            directory,
            config(
                directory,
                broker.plaintext,
                [self.input],
                self.group,
                self.output,
                delivery={"guarantee": guarantee, "commit_interval": "20ms", "max_batch": MAX_BATCH},
                rejects={"route": "topic", "topic": self.rejects},
                key={"fields": None, "rules": _RULES} if guarantee == "exactly_once" else {},
                # The default here, what other tests use there: a kill must find both as they should be.
                store={"durability": "power_loss" if guarantee == "exactly_once" else "process_crash"},
            ),
        )

    def committed(self) -> int | None:
        """The sum of the group's committed offsets; None while a transaction is deciding them."""
        with suppress(KafkaException):
            return sum(self.admin.committed(self.group, self.input).values())
        return None

    def wait_progress(self) -> None:
        """Until the running daemon has committed a batch, or has died."""
        before: int | None = None

        def progressed() -> bool:
            nonlocal before
            now = self.committed()
            if before is None:
                before = now  # once the transaction of the one killed before is over, whatever has become of it
            return now is not None and before is not None and now > before

        try:
            wait_until(lambda: not self.daemon.running() or progressed(), "the daemon commits or dies", 60)
        except TimedOut as failure:
            raise RuntimeError(f"{failure}; log: {self.daemon.log}\n{self.daemon.log_tail()}") from None

    def refuse_large_messages(self, producer_pause: threading.Lock) -> None:
        """Lowers the output's limit while the daemon runs, and sends what no longer fits: batches must be aborted."""
        self.admin.set_topic_config(self.output, "max.message.bytes", str(_LOWERED_LIMIT))
        with producer_pause:
            for _ in range(3):
                self.stream.send_with_value_of(_OVERSIZE)

    def accept_large_messages(self) -> None:
        self.admin.set_topic_config(self.output, "max.message.bytes", str(_OUTPUT_LIMIT))

    def drain(self) -> int:
        """Lets an undisturbed daemon finish; returns its exit status."""
        self.account.flush()
        self.daemon.start()
        self.admin.wait_drained(self.group, self.input, 180)
        return self.daemon.stop()

    def verify(self) -> Report:
        verifier = Verifier()
        for record, ident in self.account.sent:
            # Only what the output would not take for a while may have gone to the rejects.
            refused = record.value is not None and len(record.value) >= _OVERSIZE
            verifier.sent(record, ident, *([self.output, self.rejects] if refused else [self.output]))
        for record in read_topic(self._brokers, self.output):
            verifier.published(record)
        for record in read_topic(self._brokers, self.rejects):
            verifier.published(_without_reasons(record))
        return verifier.report()


def _without_reasons(record: Record) -> Record:
    """A rejected message carries headers of the daemon's own behind those of the message."""
    headers = tuple(header for header in record.headers if not header[0].encode().startswith(_ADDED_HEADERS))
    return record._replace(headers=headers)


class Flow:
    """Keeps sending, in a thread, until it is left."""

    def __init__(self, stream: Stream, messages_per_second: int) -> None:
        self.pause = threading.Lock()  # held while somebody else uses the stream
        self._stream = stream
        self._per_tick = messages_per_second // 20
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def burst(self, count: int) -> None:
        """So many messages at once, besides."""
        with self.pause:
            self._stream.send(count)

    def _run(self) -> None:
        try:
            while not self._stop.wait(0.05):
                with self.pause:
                    self._stream.send(self._per_tick)
        except BaseException as failure:  # handed to the thread that leaves
            self._failure = failure

    def __enter__(self) -> "Flow":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure
