"""The package upgraded while instances run, removed, purged. The tests that take it away stay the last."""

from harness.machine import Machine


def _processes(machine: Machine) -> str:
    return machine.run("pgrep --list-full --exact firstseen", check=False).stdout


def test_an_upgrade_restarts_all_that_run_and_keeps_configurations_and_stores(make_instance):
    running, stopped = [make_instance(), make_instance()], make_instance()
    machine = stopped.machine
    configurations = f"sha256sum {' '.join(str(each.config) for each in running)}"
    for each in running:
        each.started()
        each.lab.send("a", "b", "a")
        each.lab.drained()
    before = [(each.pid, each.store_file()) for each in running]
    configured = machine.run(configurations).stdout
    machine.run("dpkg --install /share/next.deb")
    assert machine.run("dpkg-query --show --showformat='${Version}' firstseen").stdout.endswith("+next1")
    assert machine.run(configurations).stdout == configured
    for each, (pid, store) in zip(running, before, strict=True):
        each.wait_new_process(pid)
        each.lab.send("a", "c")
        each.lab.drained()
        each.lab.assert_exact()
        assert (each.store_file(), each.rebuilt()) == (store, 0), "it goes on with the store that it had"
    assert stopped.shows("ActiveState") == "inactive", "nobody had asked for it"


def test_an_upgrade_waits_for_no_broker(instance, outage):
    instance.started()
    with outage():
        instance.machine.run("dpkg --install /share/next.deb", timeout_s=60)
    instance.wait_state("active", 60)


_FIND = "find /etc /usr /var/lib /run /opt /srv -name '*firstseen*' -prune"


def test_a_removal_ends_every_instance_and_a_purge_leaves_only_what_people_wrote(instance):
    machine = instance.machine
    instance.add("Environment=WRITTEN=by-somebody")
    instance.started()
    instance.lab.send("a")
    instance.lab.drained()
    instance.systemctl("enable")
    machine.run("dpkg --remove firstseen")
    assert _processes(machine) == ""
    machine.run(f"test -s {instance.config} && test -d {instance.store}")
    machine.run("dpkg --purge firstseen")
    assert set(machine.run(_FIND).stdout.split()) == {"/etc/firstseen", instance.drop_in}
    machine.run(f"test -s {instance.config}")
    assert machine.run("systemctl list-units --plain --no-legend --state=active,activating 'firstseen@*'").stdout == ""


def test_a_purge_empties_a_volume_of_a_store_and_leaves_its_mount_point(installed: Machine):
    state = "/var/lib/firstseen"
    volume = f"{state}/volume"
    installed.run("dpkg --install /share/firstseen.deb")
    installed.run(f"mkdir --parents {volume} {state}/orders/slot-0 && mount -t tmpfs volume {volume}")
    installed.run(f"mkdir {volume}/slot-0 && touch {volume}/slot-0/data.mdb {state}/orders/slot-0/data.mdb")
    installed.run("systemctl enable firstseen@volume")
    said = installed.run("dpkg --purge firstseen").stderr
    assert f"firstseen: not all of {state} is gone:" in said
    assert volume in said
    assert installed.run(f"find {state}").stdout.split() == [state, volume]
    assert installed.run("find /etc/systemd/system -name 'firstseen@*.service'").stdout == ""
    assert installed.run("dpkg-query --show firstseen", check=False).returncode != 0
    installed.run(f"umount {volume} && rm --recursive {state}")
