"""The independent verifier: compares what was published with what was sent.

It shares no code with the daemon and derives no keys. Its rule: of all messages with one ident exactly one is
published, and within a partition only the first of them can be it; what is published is the message itself, byte for
byte, in the same partition, and in the order of its source partition.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from .produce import Sent
from .record import Record

_EXAMPLES = 5


@dataclass
class Report:
    messages: int = 0  # sent
    first_seen: int = 0  # different idents among them
    published: int = 0
    lost: int = 0  # idents of which nothing was published
    doubled: int = 0  # published messages beyond the first of their ident
    changed: int = 0  # published messages that are not the first of their ident in that partition, byte for byte
    disordered: int = 0  # published behind a message that stands later in the source partition; counted in changed too
    rewinds: int = 0  # how often the source offsets of an output partition went back, doubled messages included
    deepest_rewind: int = 0  # input offsets
    examples: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        return self.lost == self.doubled == self.changed == 0

    @property
    def summary(self) -> str:
        return (
            f"messages {self.messages}, first seen {self.first_seen}, published {self.published}, "
            f"lost {self.lost}, doubled {self.doubled}, changed {self.changed}"
        )

    def __str__(self) -> str:
        return "\n  ".join([self.summary, *self.examples])


class Verifier:
    """First sent() for every message in the order of each partition, then published() likewise, then report()."""

    def __init__(self) -> None:
        self._report = Report()
        self._times_published: dict[Hashable, int] = {}
        self._seen_in_partition: set[tuple[str, int, Hashable]] = set()
        self._candidates: dict[tuple[str, bytes], tuple[Hashable, int]] = {}
        self._last_source: dict[tuple[str, int], int] = {}
        self._previous_source: dict[tuple[str, int], int] = {}

    def sent(self, record: Record, ident: Hashable, *outputs: str) -> None:
        """`outputs`: the topics on one of which one message of this ident is expected."""
        self._report.messages += 1
        self._times_published.setdefault(ident, 0)
        place = (record.topic, record.partition, ident)
        if place not in self._seen_in_partition:
            self._seen_in_partition.add(place)
            for output in outputs:
                self._candidates.setdefault((output, record.content()), (ident, record.offset))

    def published(self, record: Record) -> None:
        """A message of an output topic, as a read_committed consumer got it."""
        self._report.published += 1
        found = self._candidates.get((record.topic, record.content()))
        if found is None:
            self._report.changed += 1
            self._example(f"changed: {record.place()} is not the first of its kind in any input: {_short(record)}")
            return
        ident, source_offset = found
        self._follow(record, source_offset)
        self._times_published[ident] += 1
        if self._times_published[ident] > 1:
            self._report.doubled += 1
            self._example(f"doubled: {record.place()} ident {ident!r}, input offset {source_offset}")
        else:
            self._check_order(record, source_offset)

    def _check_order(self, record: Record, source_offset: int) -> None:
        place = (record.topic, record.partition)
        last = self._last_source.get(place, -1)
        if source_offset < last:
            self._report.changed += 1
            self._report.disordered += 1
            self._example(f"changed: {record.place()} (input offset {source_offset}) stands behind input offset {last}")
        self._last_source[place] = max(last, source_offset)

    def _follow(self, record: Record, source_offset: int) -> None:
        place = (record.topic, record.partition)
        back = self._previous_source.get(place, -1) - source_offset
        if back >= 0:
            self._report.rewinds += 1
            self._report.deepest_rewind = max(self._report.deepest_rewind, back + 1)
        self._previous_source[place] = source_offset

    def report(self) -> Report:
        missing = [ident for ident, times in self._times_published.items() if times == 0]
        self._report.lost = len(missing)
        self._report.first_seen = len(self._times_published)
        for ident in missing[:_EXAMPLES]:
            self._example(f"lost: ident {ident!r}")
        return self._report

    def _example(self, text: str) -> None:
        if len(self._report.examples) < 2 * _EXAMPLES:
            self._report.examples.append(text)


def _short(record: Record) -> str:
    text = repr((record.key, record.value, record.headers, record.timestamp_ms))
    return text if len(text) <= 200 else text[:200] + "..."


def verify(sent: Iterable[Sent], published: Iterable[Record], output: str) -> Report:
    """Compares all at once, for inputs that share one output topic."""
    verifier = Verifier()
    for record, ident in sent:
        verifier.sent(record, ident, output)
    for record in published:
        verifier.published(record)
    return verifier.report()
