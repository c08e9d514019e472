"""Whether an output is exactly what it should be, from the input topic itself and nothing that the contestants know.

Every partition of the input, less the later messages of each id, gives one running hash over everything that
republishing must not touch; the same hash of the output must be equal. Only where it is not, the harness's verifier
goes through both again and names what is wrong."""

import hashlib
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from harness.reader import partitions_of, read_topic
from harness.record import Record
from harness.verifier import Report, Verifier

_ID = slice(7, 31)  # of a value: fill_topic.cpp


class _Chain:
    """One hash over messages in their order."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.blake2b()

    def add(self, record: Record) -> None:
        self.count += 1
        key, value = record.key, record.value
        sizes = (record.timestamp_ms, -1 if key is None else len(key), -1 if value is None else len(value))
        self._hash.update(b"%d %d %d" % sizes + (key or b"") + (value or b""))
        if record.headers:
            self._hash.update(repr(record.headers).encode())

    def digest(self) -> bytes:
        return self._hash.digest()


@dataclass(frozen=True)
class _Content:
    """Of a topic: messages in all, and the hash of each partition that has any."""

    count: int
    digests: dict[int, bytes]


def _chains(brokers: str, topic: str, only_first: bool, partition: int) -> tuple[_Content, _Content]:
    """Of all messages of a partition, and of the first ones of each id if those are asked for."""
    every, first = _Chain(), _Chain()
    seen: set[bytes] = set()
    for record in read_topic(brokers, topic, partitions=[partition]):
        every.add(record)
        if only_first and (ident := record.value[_ID]) not in seen:
            seen.add(ident)
            first.add(record)
    return _content({partition: every}), _content({partition: first})


def _content(chains: dict[int, _Chain]) -> _Content:
    digests = {partition: chain.digest() for partition, chain in chains.items() if chain.count}
    return _Content(sum(chain.count for chain in chains.values()), digests)


def _together(parts: Iterable[_Content]) -> _Content:
    parts = list(parts)
    digests = {partition: digest for part in parts for partition, digest in part.digests.items()}
    return _Content(sum(part.count for part in parts), digests)


def _contents(brokers: str, topic: str, only_first: bool = False) -> tuple[_Content, _Content]:
    """Each partition in a process of its own, as many at once as there are cores. Equal ids share a partition, so what
    one knows is enough for it."""
    context = multiprocessing.get_context("spawn")  # a fork would take this process's clients along
    with ProcessPoolExecutor(mp_context=context) as pool:
        parts = list(pool.map(partial(_chains, brokers, topic, only_first), partitions_of(brokers, topic)))
    return _together(every for every, _ in parts), _together(first for _, first in parts)


class Expected:
    """What each contestant's output must hold."""

    def __init__(self, brokers: str, topic: str) -> None:
        self._brokers, self._topic = brokers, topic
        self._all, self._first = _contents(brokers, topic, only_first=True)

    @property
    def messages(self) -> int:
        return self._all.count

    @property
    def first_seen(self) -> int:
        return self._first.count

    def _input(self) -> Iterator[Record]:
        return read_topic(self._brokers, self._topic)

    def report(self, output: str, deduplicated: bool) -> Report:
        """`deduplicated`: only the first message of every id is expected, otherwise all."""
        expected = self._first if deduplicated else self._all
        found, _ = _contents(self._brokers, output)
        if found == expected:
            return Report(self.messages, expected.count, found.count)
        return self._diagnosis(output, deduplicated, read_topic(self._brokers, output))

    def _diagnosis(self, output: str, deduplicated: bool, published: Iterable[Record]) -> Report:
        verifier = Verifier()
        for record in self._input():
            ident = record.value[_ID] if deduplicated else (record.partition, record.offset)
            verifier.sent(record, ident, output)
        for record in published:
            verifier.published(record)
        report = verifier.report()
        if report.exact and deduplicated:
            report.changed += 1
            report.examples.append("the running hashes differ, though the verifier finds nothing")
        return report
