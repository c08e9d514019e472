"""What somebody on call does to a daemon: a backup, a pause, another configuration."""

import json
import shutil
import urllib.request

import pytest
from harness import process
from harness.daemon import Daemon
from harness.lab import FAST_SESSION, Lab
from harness.poll import wait_until


def _ask(daemon: Daemon, *words: str) -> str:
    done = daemon.command(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("clean", [True, False], ids=["stopped", "killed"])
def test_a_backup_that_is_put_back_loses_nothing_and_publishes_nothing_twice(lab: Lab, clean: bool):
    lab.topics(2)
    daemon = lab.daemon().start()
    lab.send("a", "b", "c")
    lab.send("d", partition=1)
    lab.drained()
    copy = lab.directory / "backup"
    assert json.loads(_ask(daemon, "store", "export", str(copy), "--json"))["entries"] == 4
    lab.send("c", "e")
    lab.send("d", "f", partition=1)
    lab.drained()
    if clean:
        daemon.stop()
    else:
        daemon.kill()
    imported = json.loads(_ask(daemon, "store", "import", str(copy), "--replace", "--json"))
    assert imported["replaced"] is not None
    lab.send("a", "e", "g")
    lab.send("d", "f", partition=1)
    daemon.start()
    lab.drained()
    lab.assert_exact()
    daemon.wait_log("this store has not recorded offsets", "reading them again")


def test_a_backup_on_a_new_volume_is_as_good(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a", "b")
    lab.drained()
    copy = lab.directory / "backup"
    _ask(daemon, "store", "export", str(copy))
    lab.send("c")
    lab.drained()
    daemon.stop()
    shutil.rmtree(daemon.store_path)
    _ask(daemon, "store", "import", str(copy))
    lab.send("a", "c", "d")
    daemon.start()
    lab.drained()
    lab.assert_exact()


def test_a_pause_finishes_what_is_in_flight_and_resume_goes_on(lab: Lab):
    lab.topics(2)
    daemon = lab.daemon().start()
    lab.send("a", "b")
    lab.drained()
    _ask(daemon, "pause", "--reason", "new disks")
    lab.send("a", "c")
    lab.send("d", partition=1)
    status = json.loads(daemon.command("status", "--json").stdout)
    assert (status["state"], len(status["partitions"])) == ("paused", 2)
    assert status["paused"]["by"].endswith(": new disks")
    assert status["counters"]["consumed"] == 2
    _ask(daemon, "resume")
    lab.drained()
    lab.assert_exact()


def _word(daemon: Daemon, address: str) -> str:
    """Its verdict, once it is ready for whoever asks: `status`, its exit status, and /readyz."""
    told = daemon.command("status", "--json")
    if told.returncode != 0:
        return ""
    try:
        urllib.request.urlopen(f"http://{address}/readyz", timeout=5).close()
    except OSError:  # refused, too late, or not status 200
        return ""
    status = json.loads(told.stdout)
    return status["verdict"]["word"] if status["ready"] else ""


def test_an_instance_without_a_partition_is_ready_and_called_spare(lab: Lab):
    lab.topics(partitions=1)
    addresses = [f"127.0.0.1:{port}" for port in process.free_ports(2)]
    daemons = [
        lab.daemon(name, kafka={"properties": FAST_SESSION}, http={"listen": address}).start()
        for name, address in zip("ab", addresses, strict=True)
    ]
    wait_until(lambda: lab.admin.members(lab.group) == 2, "both are members")

    def are_one_at_work_and_one_spare() -> bool:
        words = [_word(daemon, address) for daemon, address in zip(daemons, addresses, strict=True)]
        return all(words) and words.count("spare") == 1

    wait_until(are_one_at_work_and_one_spare, "both are ready, one of them as a spare", timeout_s=60, every_s=0.2)
    lab.send("a", "b", "a")
    lab.drained()
    assert [daemon.stop() for daemon in daemons] == [0, 0]
    lab.assert_exact()


def test_another_route_for_rejects_lets_a_stopped_partition_go_on(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a")
    lab.send_value(b"not JSON", "poison")
    lab.send("b", "a")
    daemon.wait_log("is rejected")
    daemon.configure(lab.config(rejects={"route": "topic", "topic": lab.rejects}))
    assert "rejects.route" in _ask(daemon, "reload")
    lab.drained()
    assert [json.loads(record.value)["id"] for record in lab.published()] == ["a", "b"]
    assert [record.value for record in lab.published(lab.rejects)] == [b"not JSON"]
