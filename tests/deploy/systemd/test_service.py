"""firstseen@NAME under a systemd that has booted."""

import json

import pytest
from harness.machine import Machine
from harness.poll import wait_until


def test_the_package_needs_nothing_but_what_it_depends_on(installed: Machine):
    assert "not found" not in installed.run("ldd /usr/bin/firstseen").stdout
    assert installed.run("firstseen version").stdout.startswith("firstseen")
    assert installed.run("id --name --user firstseen").stdout.strip() == "firstseen"
    assert installed.run("systemd-analyze verify firstseen@orders.service").stderr == ""


def test_nothing_is_started_before_somebody_asks_for_it(installed: Machine):
    units = installed.run("systemctl list-units --all --plain --no-legend 'firstseen@*'").stdout
    assert units == ""
    assert (
        installed.run("find /etc/systemd/system -name '*.wants' -exec ls {} + | grep firstseen", check=False).stdout
        == ""
    )


def test_ready_only_when_partitions_are_assigned(instance, outage):
    with outage():
        instance.systemctl("start", "--no-block")
        wait_until(lambda: "waiting" in instance.journal(), "it waits for the broker")
        assert instance.shows("ActiveState") == "activating", "ready without a broker"
        wait_until(lambda: instance.shows("StatusText") == "waiting for a broker that answers", "it says for what")
    instance.wait_state("active")
    assigned = instance.machine.run(f"firstseen status --config {instance.config} --json").stdout
    assert assigned.count('"partition"') == 2, assigned
    wait_until(lambda: instance.shows("StatusText") == "running; 2 partitions", "it says what it does")


def test_a_killed_daemon_comes_back_and_nothing_is_doubled(instance):
    instance.started()
    instance.lab.send("a", "b", "a")
    instance.lab.drained()
    pid, store = instance.pid, instance.store_file()
    instance.machine.run(f"kill -KILL {pid}")
    instance.wait_new_process(pid)
    instance.lab.send("a", "c", partition=0)
    instance.lab.drained()
    instance.lab.assert_exact()
    assert (instance.store_file(), instance.rebuilt()) == (store, 0), "it goes on with the store that it had"


def test_a_loop_that_stands_still_is_ended_by_the_watchdog_and_comes_back(instance):
    instance.add("WatchdogSec=4")  # instead of the minute that others have, who may wait for a processor
    instance.started()
    instance.lab.send("a")
    instance.lab.drained()
    pid = instance.pid
    instance.machine.run(f"kill -STOP {pid}")
    instance.wait_new_process(pid, 60.0)
    assert "Watchdog timeout" in instance.journal()
    instance.lab.send("a", "b")
    instance.lab.drained()
    instance.lab.assert_exact()


def test_a_mistake_in_the_configuration_is_not_tried_again(instance):
    instance.write("input: [")
    assert instance.machine.run(f"systemctl start {instance.unit}", check=False).returncode != 0
    instance.wait_state("failed")
    assert (instance.shows("ExecMainStatus"), instance.shows("NRestarts")) == ("78", "0")
    assert f"{instance.config}:1:" in instance.journal()


@pytest.mark.parametrize("status", [64, 65, 78])
def test_what_somebody_must_look_at_is_not_tried_again(instance, status: int):
    """Usage, damaged data, configuration, whatever it was that the program found."""
    instance.add(f"ExecStart=\nExecStart=/bin/sh -c 'exit {status}'")
    instance.systemctl("start", "--no-block")
    instance.wait_state("failed")
    assert (instance.shows("ExecMainStatus"), instance.shows("NRestarts")) == (str(status), "0")


def test_any_other_failure_is_tried_again(instance):
    instance.add("ExecStart=\nExecStart=/bin/sh -c 'exit 70'")
    instance.systemctl("start", "--no-block")
    wait_until(lambda: int(instance.shows("NRestarts")) > 0, "it is started again")


def test_a_reload_gives_the_running_daemon_what_the_file_says_and_a_mistake_changes_nothing(instance):
    instance.started()
    pid = instance.pid
    store = {"path": str(instance.store)}

    def wait_journal(text: str) -> None:
        wait_until(lambda: text in instance.journal(), f"the journal says '{text}'")

    def expect_refused(configuration: str, reason: str) -> None:
        instance.write(configuration)
        assert instance.machine.run(f"systemctl reload {instance.unit}", check=False).returncode != 0
        wait_journal(reason)

    instance.write(json.dumps(instance.lab.config(store=store, window={"ttl": "2h"})))
    instance.systemctl("reload")
    wait_journal("the configuration has changed: window.ttl")
    expect_refused("input: [", f"{instance.config}:1:")
    expect_refused(json.dumps(instance.lab.config(store={**store, "max_size": "2GiB"})), "store.max_size")
    assert (instance.pid, instance.shows("ActiveState")) == (pid, "active")
    instance.lab.send("a", "b", "a")
    instance.lab.drained()
    instance.lab.assert_exact()


def test_a_secret_that_comes_as_a_credential_is_there_at_the_start_and_at_a_reload(instance):
    secret = f"/etc/firstseen/{instance.name}.password"
    instance.machine.run(f"install -m 600 /dev/null {secret} && echo read-by-root-alone >{secret}")
    instance.add(f"LoadCredential=password:{secret}")
    sections = {
        "store": {"path": str(instance.store)},
        "run": {"instance": f"${{file:/run/credentials/{instance.unit}.service/password}}"},
    }
    instance.write(json.dumps(instance.lab.config(**sections)))
    instance.started()
    instance.write(json.dumps(instance.lab.config(**sections, window={"ttl": "2h"})))
    instance.systemctl("reload")
    wait_until(lambda: "the configuration has changed: window.ttl" in instance.journal(), "the journal says so")
    instance.lab.send("a", "b", "a")
    instance.lab.drained()
    instance.lab.assert_exact()


def test_a_stop_is_clean_and_quick(instance):
    instance.started()
    instance.lab.send("a", "b")
    instance.lab.drained()
    instance.systemctl("stop")
    assert (instance.shows("Result"), instance.shows("ExecMainStatus")) == ("success", "0")
    assert "index saved" in instance.journal()


def test_the_sandbox_lets_it_write_its_own_state_and_nothing_else(instance):
    instance.started()
    status = instance.machine.run(f"grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/{instance.pid}/status").stdout.split()
    assert status == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1", "Seccomp:", "2"]
    owner = instance.machine.run(f"stat --format='%U %a' {instance.store}").stdout.strip()
    assert owner == "firstseen 750"
    command = f"nsenter --target={instance.pid} --mount touch"
    assert instance.machine.run(f"{command} {instance.store}/written").returncode == 0
    assert "Read-only" in instance.machine.run(f"{command} /etc/firstseen/written", check=False).stderr
