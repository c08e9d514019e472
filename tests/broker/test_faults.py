"""Brokers, rivals and disks fail while the daemon works: it recovers by itself, and the output stays exact."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer
from harness.daemon import Daemon
from harness.lab import FAST_SESSION, Lab
from harness.poll import wait_until
from harness.stream import Stream

_TRANSACTIONS = "org.apache.kafka.tools.TransactionsCommand"
_FAST = {"properties": FAST_SESSION}


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


@pytest.mark.parametrize("successor", ["a", "b"])
def test_an_instance_woken_after_its_successor_started_publishes_nothing(lab: Lab, successor: str):
    """The successor is the same instance on a new volume, or another one."""
    lab.topics()
    suspended = lab.daemon("a", kafka=_FAST).start()
    stream = _stream(lab, 1)
    stream.send(2000)
    wait_until(lab.published, "something is published")
    suspended.signal(signal.SIGSTOP)
    stream.send(2000)
    lab.account.flush()
    other = lab.daemon("successor", kafka=_FAST, run={"instance": successor}).start()
    lab.drained(120)
    suspended.signal(signal.SIGCONT)
    stream.send(2000)
    lab.account.flush()
    lab.drained(120)
    suspended.kill()
    stream.send(100)
    lab.account.flush()
    lab.drained(120)
    assert other.stop() == 0
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
    own_lab.topics()
    daemon = own_lab.daemon().start()
    stream = _stream(own_lab, 1)
    stream.send(2000)
    wait_until(own_lab.published, "something is published")
    own_lab.account.flush()
    own_lab.broker.suspend()  # so that the first SIGTERM cannot finish the batch
    daemon.signal(signal.SIGTERM)
    daemon.wait_log("stop")
    daemon.signal(signal.SIGTERM)
    daemon.wait_exit(3)
    own_lab.broker.resume()
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
