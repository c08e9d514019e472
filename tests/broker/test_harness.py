"""The instruments themselves: the producer's account, the reader, and a verifier that can fail."""

from pathlib import Path

import pytest
from harness import process
from harness.admin import Admin
from harness.broker import Broker
from harness.maven import maven
from harness.paths import bare_loop_binary
from harness.produce import Account, Sent
from harness.reader import read_topic
from harness.record import Record
from harness.stream import Stream
from harness.verifier import verify

_NOW = 1_700_000_000_000


def _record(topic: str, offset: int, value: bytes = b"v", **other) -> Record:
    return Record(
        topic, other.get("partition", 0), offset, _NOW + offset, other.get("key"), value, other.get("headers", ())
    )


def _sent(*idents: str) -> list[Sent]:
    return [Sent(_record("in", offset, ident.encode()), ident) for offset, ident in enumerate(idents)]


def _as_output(sent: list[Sent], *offsets: int) -> list[Record]:
    return [sent[source].record._replace(topic="out", offset=place) for place, source in enumerate(offsets)]


def test_the_verifier_accepts_the_first_of_every_ident_in_order():
    sent = _sent("a", "b", "a", "c")
    assert verify(sent, _as_output(sent, 0, 1, 3), "out").exact


def test_the_verifier_finds_a_lost_message():
    sent = _sent("a", "b", "c")
    report = verify(sent, _as_output(sent, 0, 2), "out")
    assert (report.lost, report.doubled, report.changed) == (1, 0, 0)


def test_the_verifier_finds_a_doubled_message():
    sent = _sent("a", "b", "c")
    report = verify(sent, _as_output(sent, 0, 1, 2, 1), "out")
    assert (report.lost, report.doubled, report.changed) == (0, 1, 0)


def test_the_verifier_finds_a_later_copy_published_instead_of_the_first():
    sent = _sent("a", "a")
    report = verify(sent, _as_output(sent, 1), "out")
    assert (report.lost, report.changed) == (1, 1)


def test_the_verifier_finds_a_changed_order():
    sent = _sent("a", "b", "c")
    report = verify(sent, _as_output(sent, 1, 0, 2), "out")
    assert (report.lost, report.doubled, report.changed, report.disordered) == (0, 0, 1, 1)


def test_the_verifier_finds_every_kind_of_changed_bytes():
    first = _record("in", 0, b"v", key=b"", headers=(("h", None), ("h", b"")))
    broken = [
        first._replace(key=None),
        first._replace(value=None),
        first._replace(value=b"V"),
        first._replace(timestamp_ms=first.timestamp_ms + 1),
        first._replace(partition=1),
        first._replace(headers=(("h", b""), ("h", None))),
        first._replace(headers=(("h", None),)),
        first._replace(headers=(("h", b""), ("h", b""))),
        first._replace(headers=(("H", None), ("h", b""))),
    ]
    for other in broken:
        report = verify([Sent(first, "a")], [other._replace(topic="out")], "out")
        assert (report.lost, report.changed) == (1, 1), other


def test_the_producer_and_the_reader_keep_nulls_repeats_and_order(broker: Broker, admin: Admin, name: str):
    topic = admin.create_topic(name, partitions=2)
    account = Account(broker.plaintext)
    headers = (("b", None), ("a", b""), ("b", b"\xff\x00"), ("a", b"1"))
    account.send(topic, 0, ident=1, key=None, value=b"", headers=headers, timestamp_ms=_NOW)
    account.send(topic, 1, ident=2, key=b"", value=None, timestamp_ms=_NOW + 5)
    account.send(topic, 1, ident=3, key=b"k", value=b"\x00", timestamp_ms=_NOW - 5)
    account.flush()
    read = sorted(read_topic(broker.plaintext, topic), key=lambda record: (record.partition, record.offset))
    assert read == sorted((record for record, _ in account.sent), key=lambda record: (record.partition, record.offset))
    assert read[0] == Record(topic, 0, 0, _NOW, None, b"", headers)
    assert (read[1].key, read[1].value, read[2].key) == (b"", None, b"k")


def test_a_loop_without_deduplication_is_flagged_as_doubled_and_nothing_else(
    broker: Broker, admin: Admin, name: str, tmp_path: Path
):
    topic, output = admin.create_topic(f"{name}.in", partitions=2), admin.create_topic(f"{name}.out", partitions=2)
    account = Account(broker.plaintext)
    Stream(account, topic, partitions=2, seed=1, duplicates=0.3).send(5000)
    account.flush()
    log = tmp_path / "bare_loop.log"
    loop = process.start([str(bare_loop_binary()), broker.plaintext, topic, output, name, "2"], log)
    try:
        admin.wait_drained(name, topic)
    finally:
        loop.terminate()
        loop.wait(30)
    report = verify(account.sent, read_topic(broker.plaintext, output), output)
    copies = len(account.sent) - report.first_seen
    assert report.messages == report.published == len(account.sent)
    assert report.lost == 0 and report.disordered == 0
    assert copies > 500 and report.doubled + report.changed == copies


def _stand_in(folder: Path, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    mvn = folder / "mvn"
    mvn.write_text(f"#!/bin/sh\necho it says $1; exit {status}\n")
    mvn.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_what_maven_says_is_not_mixed_with_results(tmp_path, monkeypatch, capfd):
    _stand_in(tmp_path, 0, monkeypatch)
    maven(tmp_path / "pom.xml", "validate")
    assert capfd.readouterr() == ("", "")


def test_what_maven_says_is_told_when_it_fails(tmp_path, monkeypatch):
    _stand_in(tmp_path, 3, monkeypatch)
    with pytest.raises(RuntimeError, match="ended with 3:\nit says -q"):
        maven(tmp_path / "pom.xml", "validate")
