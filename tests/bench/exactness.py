"""Whether an output is exactly what it should be, from the input topic itself and nothing that the contestants know.

Every partition of the input, less the later messages of each id, gives one running hash over everything that
republishing must not touch; the same hash of the output must be equal. Only where it is not, the harness's verifier
goes through both again and names what is wrong."""

import hashlib
from collections.abc import Iterable, Iterator

from harness.reader import read_topic
from harness.record import Record
from harness.verifier import Report, Verifier

_ID = slice(7, 31)  # of a value: fill_topic.cpp


class _Chains:
    """One hash for each partition, over its messages in order."""

    def __init__(self) -> None:
        self.count = 0
        self._hashes: dict[int, hashlib._Hash] = {}

    def add(self, record: Record) -> None:
        self.count += 1
        if record.partition not in self._hashes:
            self._hashes[record.partition] = hashlib.blake2b()
        key, value = record.key, record.value
        sizes = (record.timestamp_ms, -1 if key is None else len(key), -1 if value is None else len(value))
        self._hashes[record.partition].update(b"%d %d %d" % sizes + (key or b"") + (value or b""))
        if record.headers:
            self._hashes[record.partition].update(repr(record.headers).encode())

    def digests(self) -> dict[int, bytes]:
        return {partition: running.digest() for partition, running in self._hashes.items()}


class Expected:
    """What each contestant's output must hold."""

    def __init__(self, brokers: str, topic: str) -> None:
        self._brokers, self._topic = brokers, topic
        self._all, self._first = _Chains(), _Chains()
        for record, first in self._input():
            self._all.add(record)
            if first:
                self._first.add(record)

    @property
    def messages(self) -> int:
        return self._all.count

    @property
    def first_seen(self) -> int:
        return self._first.count

    def _input(self) -> Iterator[tuple[Record, bool]]:
        """Every message, and whether it is the first of its id. Equal ids share a partition, so the order between
        partitions does not matter."""
        seen: set[bytes] = set()
        for record in read_topic(self._brokers, self._topic):
            ident = record.value[_ID]
            yield record, ident not in seen
            seen.add(ident)

    def report(self, output: str, deduplicated: bool) -> Report:
        """`deduplicated`: only the first message of every id is expected, otherwise all."""
        expected, found = self._first if deduplicated else self._all, _Chains()
        for record in read_topic(self._brokers, output):
            found.add(record)
        if found.digests() == expected.digests():
            return Report(self.messages, expected.count, found.count)
        return self._diagnosis(output, deduplicated, read_topic(self._brokers, output))

    def _diagnosis(self, output: str, deduplicated: bool, published: Iterable[Record]) -> Report:
        verifier = Verifier()
        for record, _ in self._input():
            ident = record.value[_ID] if deduplicated else (record.partition, record.offset)
            verifier.sent(record, ident, output)
        for record in published:
            verifier.published(record)
        report = verifier.report()
        if report.exact and deduplicated:
            report.changed += 1
            report.examples.append("the running hashes differ, though the verifier finds nothing")
        return report
