"""The package upgraded while an instance runs, removed, purged. The test that takes it away stays the last."""

from harness.machine import Machine


def _processes(machine: Machine) -> str:
    return machine.run("pgrep --list-full --exact firstseen", check=False).stdout


def test_an_upgrade_restarts_what_runs_and_keeps_configuration_and_store(instance):
    machine = instance.machine
    instance.started()
    instance.lab.send("a", "b", "a")
    instance.lab.drained()
    pid, store = instance.pid, instance.store_file()
    before = machine.run(f"sha256sum {instance.config}").stdout
    machine.run("dpkg --install /share/next.deb")
    assert machine.run("dpkg-query --show --showformat='${Version}' firstseen").stdout.endswith("+next1")
    instance.wait_new_process(pid)
    assert machine.run(f"sha256sum {instance.config}").stdout == before
    instance.lab.send("a", "c")
    instance.lab.drained()
    instance.lab.assert_exact()
    assert (instance.store_file(), instance.rebuilt()) == (store, 0), "it goes on with the store that it had"


def test_an_upgrade_waits_for_no_broker(instance, outage):
    instance.started()
    with outage():
        instance.machine.run("dpkg --install /share/next.deb", timeout_s=60)
    instance.wait_state("active", 60)


# What is left after a purge: what people wrote, and what other packages keep of this one's past.
_LEFT = {"/etc/firstseen", "/etc/systemd/system/firstseen@.service.d"}
_FIND = "find /etc /usr /var/lib /run /opt /srv -name '*firstseen*' -prune"


def test_a_removal_ends_every_instance_and_a_purge_leaves_only_what_people_wrote(instance):
    machine = instance.machine
    instance.started()
    instance.lab.send("a")
    instance.lab.drained()
    instance.systemctl("enable")
    machine.run("dpkg --remove firstseen")
    assert _processes(machine) == ""
    machine.run(f"test -s {instance.config} && test -d {instance.store}")
    machine.run("dpkg --purge firstseen")
    assert set(machine.run(_FIND).stdout.split()) == _LEFT
    machine.run(f"test -s {instance.config}")
    assert machine.run("systemctl list-units --plain --no-legend --state=active,activating 'firstseen@*'").stdout == ""
