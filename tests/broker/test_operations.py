"""What somebody on call does to a daemon: a backup, a pause, another configuration."""

import json
import shutil

import pytest
from harness.daemon import Daemon
from harness.lab import Lab


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
