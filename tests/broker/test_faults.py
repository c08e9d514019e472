"""Brokers, rivals and disks fail while the daemon works: it recovers by itself, and the output stays exact."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer
from harness.daemon import EXIT_TRY_AGAIN, Daemon
from harness.lab import FAST_SESSION, Lab
from harness.poll import wait_until
from harness.stream import Stream

_TRANSACTIONS = "org.apache.kafka.tools.TransactionsCommand"
_FAST = {"properties": FAST_SESSION}
_BATCH_OF_ONE = {"max_batch": 1}
"""With a backlog: one batch follows the other, so that nearly always one is undecided."""


def _stream(lab: Lab, partitions: int) -> Stream:
    return Stream(lab.account, lab.input, partitions, seed=3)


def test_a_broker_killed_in_mid_stream_and_restarted_is_found_again(own_lab: Lab):
    own_lab.topics(partitions=2)
    daemon = own_lab.daemon().start()
    stream = _stream(own_lab, 2)
    for _ in range(2):
        stream.send(3000)
        wait_until(own_lab.published, "something is published")
        own_lab.broker.kill()
        stream.send(500)
        own_lab.broker.start()
        stream.send(500)
        own_lab.account.flush()
        own_lab.drained(90)
    assert daemon.running()
    assert daemon.stop() == 0
    own_lab.assert_exact()


def test_two_instances_share_a_group_and_one_takes_over_from_the_killed_other(lab: Lab):
    lab.topics(partitions=4)
    first, second = lab.daemon("a", kafka=_FAST).start(), lab.daemon("b", kafka=_FAST).start()
    wait_until(lambda: lab.admin.members(lab.group) == 2, "both are members")
    # Only keys that stay within a partition: with two instances equal keys must meet in one.
    for partition in range(4):
        lab.send(*(f"{partition}-{number}" for number in range(300)), partition=partition)
    lab.drained()
    first.kill()
    for partition in range(4):
        lab.send(*(f"{partition}-{number}" for number in range(0, 600, 2)), partition=partition)
    lab.drained()
    first.start()
    wait_until(lambda: lab.admin.members(lab.group) == 2, "both are members again")
    for partition in range(4):
        lab.send(*(f"{partition}-{number}" for number in range(0, 900, 3)), partition=partition)
    lab.drained()
    assert (first.stop(), second.stop()) == (0, 0)
    lab.assert_exact()


def _transactional_id(lab: Lab) -> str:
    """The daemon's, as Kafka's own tool lists it."""
    listed = lab.broker.tool(_TRANSACTIONS, "--bootstrap-server", lab.broker.plaintext, "list")
    return next(line.split()[0] for line in listed.splitlines() if lab.group in line)


def test_a_rival_with_the_same_transactional_id_costs_nothing(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a", "b")
    lab.drained()
    rival = Producer({"bootstrap.servers": lab.broker.plaintext, "transactional.id": _transactional_id(lab)})
    rival.init_transactions()
    lab.send("c", "a", "d")
    lab.drained()
    assert daemon.running()
    assert daemon.stop() == 0
    lab.assert_exact()


def _recorded(daemon: Daemon) -> int:
    """The offset of partition 0 behind the last batch that its store has recorded, whatever became of it."""
    stats = daemon.command("store", "stats", "--json")  # fails before there is a store
    partitions = json.loads(stats.stdout)["partitions"] if stats.returncode == 0 else []
    return partitions[0]["next_offset"] if partitions else 0


def _in_a_backlog(lab: Lab, stream: Stream, **sections: dict) -> Daemon:
    """A daemon that has consumed a little of what has been sent, and goes on, a message at a time."""
    stream.send(2000)
    lab.account.flush()
    daemon = lab.daemon(delivery=_BATCH_OF_ONE, **sections).start()
    wait_until(lambda: _recorded(daemon) > 10, "batches follow each other")
    return daemon


def _suspend_in_mid_batch(lab: Lab, daemon: Daemon) -> None:
    """While its store holds a batch that Kafka has not committed."""

    def not_committed(offset: int) -> bool:
        try:
            return lab.admin.committed(lab.group, lab.input).get(0, 0) < offset
        except KafkaException:  # its transaction has the offsets, and is open
            return True

    def caught() -> bool:
        daemon.signal(signal.SIGSTOP)
        if not_committed(_recorded(daemon)):
            return True
        daemon.signal(signal.SIGCONT)
        return False

    wait_until(caught, "it is suspended in mid-batch")


@pytest.mark.parametrize("successor", ["a", "b"])
def test_an_instance_woken_after_its_successor_started_publishes_nothing(lab: Lab, successor: str):
    """The successor is another instance, or the same one on a new volume: then one of the two gives up."""
    lab.topics()
    # Another instance has to wait until the transaction of the suspended one times out.
    kafka = {"properties": {**FAST_SESSION, "transaction.timeout.ms": "8000"}} if successor == "b" else _FAST
    stream = _stream(lab, 1)
    suspended = _in_a_backlog(lab, stream, kafka=kafka)
    _suspend_in_mid_batch(lab, suspended)
    before = len(suspended.log_text())
    stream.send(2000)
    lab.account.flush()
    other = lab.daemon("successor", kafka=kafka, run={"instance": successor}).start()
    lab.drained(120)
    suspended.signal(signal.SIGCONT)
    stream.send(500)
    lab.account.flush()
    if successor == "a":
        wait_until(lambda: not (suspended.running() and other.running()), "one of the two gives up", 60)
        gone, left = (other, suspended) if suspended.running() else (suspended, other)
        assert gone.wait_exit() == EXIT_TRY_AGAIN, gone.log_tail()
        assert gone.logged("another instance with the same run.instance"), gone.log_tail()
    else:
        gone, left = suspended, other
        signs = ("restarting the slot", "partitions lost", "partitions revoked")
        wait_until(lambda: any(sign in suspended.log_text()[before:] for sign in signs), "it learns of the other", 60)
        lab.drained(120)
        gone.kill()
    stream.send(100)
    lab.account.flush()
    lab.drained(120)
    assert left.stop() == 0
    lab.assert_exact()


def test_sigterm_in_mid_stream_leaves_with_success_within_ten_seconds(lab: Lab):
    lab.topics(partitions=2)
    daemon = lab.daemon()
    stream = _stream(lab, 2)
    for _ in range(3):
        daemon.start()
        daemon.wait_log("partitions assigned")
        stream.send(5000)
        assert daemon.stop(timeout_s=10) == 0
    lab.account.flush()
    daemon.start()
    lab.drained()
    assert daemon.stop(timeout_s=10) == 0
    lab.assert_exact()


def test_a_second_sigterm_leaves_at_once_and_loses_nothing(own_lab: Lab):
    """With status 75: the next start decides the batch that is cut off."""
    own_lab.topics()
    stream = _stream(own_lab, 1)
    daemon = _in_a_backlog(own_lab, stream)
    own_lab.broker.suspend()  # so that the first SIGTERM cannot finish the batch

    def settled() -> int:
        return json.loads(daemon.command("status", "--json").stdout)["partitions"][0]["next_offset"]

    wait_until(lambda: _recorded(daemon) > settled(), "a batch is undecided")
    daemon.signal(signal.SIGTERM)
    daemon.wait_log("a second signal leaves at once")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit(3) == EXIT_TRY_AGAIN, daemon.log_tail()
    own_lab.broker.resume()
    daemon.configure(own_lab.config())  # the rest in large batches
    daemon.start()
    stream.send(100)
    own_lab.account.flush()
    own_lab.drained(90)
    assert daemon.stop() == 0
    own_lab.assert_exact()


def test_sigterm_while_the_broker_is_gone_leaves_with_success_within_ten_seconds(own_lab: Lab):
    """Whatever becomes of the batch that is cut off: the next start decides it."""
    own_lab.topics()
    daemon = own_lab.daemon().start()
    stream = _stream(own_lab, 1)
    stream.send(2000)
    wait_until(own_lab.published, "something is published")
    own_lab.account.flush()
    own_lab.broker.kill()
    assert daemon.stop(timeout_s=10) == 0, daemon.log_tail()
    own_lab.broker.start()
    daemon.start()
    stream.send(100)
    own_lab.account.flush()
    own_lab.drained(90)
    assert daemon.stop() == 0
    own_lab.assert_exact()


@contextmanager
def _small_disk(directory: Path) -> Iterator[Path]:
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 4096)
        except OSError:
            return


def test_a_full_disk_pauses_and_goes_on_when_there_is_room(lab: Lab):
    lab.topics()
    with _small_disk(lab.directory / "disk") as disk:
        daemon: Daemon = lab.daemon(store={"path": str(disk / "store")}).start()
        lab.send("a", "b")
        lab.drained()
        _fill(disk / "filler")
        _stream(lab, 1).send(20000)
        lab.account.flush()
        daemon.wait_log("No space left on device", timeout_s=60)
        assert daemon.running()
        (disk / "filler").unlink()
        lab.drained()
        assert daemon.stop() == 0
        lab.assert_exact()
