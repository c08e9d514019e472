"""Topics are deleted, made again, and appear under a running daemon."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.admin import Admin
from harness.broker import Broker
from harness.daemon import Daemon
from harness.lab import FAST_SESSION, Lab
from harness.librdkafka import is_librdkafkas_crash
from harness.poll import wait_until
from harness.verifier import verify

_FAST = {"properties": {**FAST_SESSION, "topic.metadata.refresh.interval.ms": "500"}}


def _consumed(lab: Lab, **sections) -> Daemon:
    """A running daemon that has published "a", "b" and "c", and has nothing more to do."""
    lab.topics()
    daemon = lab.daemon(kafka=_FAST, **sections).start()
    lab.send("a", "b", "a", "c")
    lab.drained()
    lab.assert_exact()
    return daemon


@pytest.mark.parametrize("guarantee", ["exactly_once", "at_least_once"])
def test_an_output_deleted_and_made_again_gets_everything_that_was_not_yet_published(lab: Lab, guarantee: str):
    daemon = _consumed(lab, delivery={"guarantee": guarantee})
    before = len(lab.account.sent)
    lab.admin.delete_topic(lab.output)
    lab.send("d", "a", "e", "d")
    daemon.wait_log(lab.output, "create ", timeout_s=90)
    assert daemon.running()
    assert lab.admin.committed(lab.group, lab.input, timeout_s=30) == {0: before}
    lab.admin.create_topic(lab.output)
    lab.send("f", "b")
    lab.drained()
    assert daemon.running()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident in {"d", "e", "f"}])


def test_a_daemon_stopped_while_its_output_is_missing_publishes_once_it_is_there_again(lab: Lab):
    daemon = _consumed(lab)
    lab.admin.delete_topic(lab.output)
    lab.send("d", "a")
    daemon.wait_log(lab.output, "create ", timeout_s=90)
    assert daemon.stop(timeout_s=10) == 0
    lab.admin.create_topic(lab.output)
    daemon.start()
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident == "d"])


@pytest.fixture
def liberal_lab(tmp_path: Path, name: str) -> Iterator[Lab]:
    """On a broker that makes topics when clients ask for them, as brokers do by default."""
    with Broker(settings={"auto.create.topics.enable": "true"}) as broker:
        made = Lab(broker, Admin(broker.plaintext), tmp_path, name)
        yield made
        made.close()


def test_a_deleted_output_is_never_made_anew_by_the_daemon(liberal_lab: Lab):
    lab = liberal_lab
    daemon = _consumed(lab)
    lab.admin.delete_topic(lab.output)
    lab.send("d", "a")
    daemon.wait_log(lab.output, "create ", timeout_s=90)
    assert lab.admin.partitions(lab.output) == 0
    lab.admin.create_topic(lab.output)
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident == "d"])


def _settled(daemon: Daemon) -> None:
    """Its store says itself that Kafka has everything, whatever happens to the group's offsets."""

    def undecided() -> int | None:
        return json.loads(daemon.command("store", "stats", "--json").stdout)["undecided_batch"]

    wait_until(lambda: undecided() is None, "no batch is in doubt")


def _deleted_unnoticed(lab: Lab, daemon: Daemon, *idents: str) -> None:
    """The input is another topic of the same name, with these messages, before the daemon looks again."""
    daemon.signal(signal.SIGSTOP)
    lab.admin.delete_topic(lab.input)
    lab.admin.create_topic(lab.input)
    lab.send(*idents)
    daemon.signal(signal.SIGCONT)


def _deleted_and_noticed(lab: Lab, daemon: Daemon, *idents: str) -> None:
    lab.admin.delete_topic(lab.input)
    daemon.wait_log("partitions revoked")
    lab.admin.create_topic(lab.input)
    lab.send(*idents)


def test_a_deleted_input_is_told_and_leaves_a_daemon_that_is_not_called_healthy(lab: Lab):
    """Without a partition: unready where librdkafka leaves the group for want of a topic, else spare."""
    daemon = _consumed(lab)
    lab.admin.delete_topic(lab.input)
    daemon.wait_log(lab.input, "subscribed topic not available")
    daemon.wait_log("partitions revoked")

    def verdict() -> dict:
        return json.loads(daemon.command("status", "--json").stdout)["verdict"]

    wait_until(lambda: verdict()["word"] in ("unready", "spare"), "the daemon says that it has no partition")


def _assert_both_read_exactly(lab: Lab, before: int, known: str) -> None:
    """The first three messages out are the old topic's, the others the new one's (everything sent after the first
    `before` messages) but for the `known` key: offsets begin anew with the topic."""
    published = lab.published()
    old = verify(lab.account.sent[:before], published[:3], lab.output)
    new = verify([sent for sent in lab.account.sent[before:] if sent.ident != known], published[3:], lab.output)
    assert old.exact and new.exact, f"{old}\n{new}"


_ANEW = [f"anew {number}" for number in range(10)]


@pytest.mark.parametrize("length", [1, 4, 10])
def test_an_input_made_anew_stops_its_partition_until_on_gap_is_skip(lab: Lab, length: int):
    """Whether its new log is still shorter than the old offset, as long, or longer."""
    daemon = _consumed(lab)
    before = len(lab.account.sent)
    _deleted_and_noticed(lab, daemon, *_ANEW[:length])
    daemon.wait_log(f"{lab.input}[0]", "made anew", "set input.on_gap to skip")
    assert daemon.running()
    assert len(lab.published()) == 3
    assert daemon.stop(timeout_s=10) == 0
    daemon.configure(lab.config(kafka=_FAST, input={"on_gap": "skip"}))
    daemon.start()
    lab.send("b", "d")
    lab.admin.wait_committed(lab.group, lab.input, lab.admin.end_offsets(lab.input))
    assert daemon.stop() == 0
    _assert_both_read_exactly(lab, before, known="b")


@pytest.mark.parametrize("length", [1, 4, 10])
def test_an_input_made_anew_is_read_from_its_beginning_with_on_gap_skip(lab: Lab, length: int):
    daemon = _consumed(lab, input={"on_gap": "skip"})
    before = len(lab.account.sent)
    _deleted_and_noticed(lab, daemon, *_ANEW[:length])
    daemon.wait_log(f"{lab.input}[0]", "made anew", "going on at offset 0")
    lab.send("b", "d")
    lab.admin.wait_committed(lab.group, lab.input, lab.admin.end_offsets(lab.input))
    assert daemon.stop() == 0
    _assert_both_read_exactly(lab, before, known="b")


def test_an_input_made_anew_while_nobody_looked_stops_its_partition(lab: Lab):
    """Its log is still shorter than the old offset; of one that has passed it, see the README's limits."""
    daemon = _consumed(lab)
    _settled(daemon)
    _deleted_unnoticed(lab, daemon, "anew")
    stopped = (f"{lab.input}[0]", "made anew")
    wait_until(lambda: daemon.logged(*stopped) or not daemon.running(), "it has stopped the partition, or ended")
    has_crashed = not daemon.running()
    if has_crashed:
        assert is_librdkafkas_crash(daemon, daemon.wait_exit())
        daemon.start()  # as systemd and Kubernetes do; this one has never seen the old topic
    daemon.wait_log(*stopped)
    assert len(lab.published()) == 3
    status = daemon.stop(timeout_s=10)
    assert status == 0 or (not has_crashed and is_librdkafkas_crash(daemon, status))


def test_an_input_that_appears_before_its_output_waits_for_it_alone_and_begins_by_itself(lab: Lab):
    early, late = f"{lab.input}.early", f"{lab.input}.late"

    def send(topic: str, *idents: str, partition: int = 0) -> None:
        for ident in idents:
            lab.account.send(topic, partition, ident=(topic, ident), value=json.dumps({"id": ident}).encode())
        lab.account.flush()

    for topic in (early, f"{early}.unique"):
        lab.admin.create_topic(topic)
    daemon = lab.daemon(
        kafka=_FAST,
        input={"topics": [f"^{lab.input}[.](early|late)$"]},
        output={"topic": "{topic}.unique"},
    ).start()
    send(early, "a", "b", "a")
    lab.admin.wait_drained(lab.group, early)
    lab.admin.create_topic(late, 2)
    send(late, "a", "c", "a")
    send(late, "d", partition=1)
    create = f"--create --topic {late}.unique --partitions 2"
    for partition in range(2):
        assert "warning" in daemon.wait_log(f"{late}[{partition}]", f"{late}.unique does not exist", create)
    send(early, "e", "b")
    lab.admin.wait_drained(lab.group, early)
    lab.admin.wait_committed(lab.group, late, {0: 0, 1: 0})  # their starts
    lab.admin.create_topic(f"{late}.unique", 2)
    lab.admin.wait_drained(lab.group, late)
    assert "aborting the batch" not in daemon.log_text()
    assert daemon.stop() == 0
    for topic in (early, late):
        sent = [one for one in lab.account.sent if one.record.topic == topic]
        report = verify(sent, lab.published(f"{topic}.unique"), f"{topic}.unique")
        assert report.exact, f"{topic}: {report}"
