"""What is documented for a stopped service, whose credentials systemd has taken away."""

import json
import re

from harness.paths import ROOT


def _with_credential(instance) -> None:
    """A password below kafka.properties that only the service gets."""
    secret = f"/etc/firstseen/{instance.name}.password"
    instance.machine.run(f"install -m 600 /dev/null {secret} && echo read-by-root-alone >{secret}")
    instance.add(f"LoadCredential=password:{secret}")
    password = f"${{file:/run/credentials/{instance.unit}.service/password}}"
    configuration = instance.lab.config(
        store={"path": str(instance.store)}, kafka={"properties": {"sasl.password": password}}
    )
    instance.write(json.dumps(configuration))


def _documented(instance, command: str) -> str:
    """The commands of deploy/README.md around this one, for this instance."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "deploy/README.md").read_text(), re.MULTILINE | re.DOTALL)
    (block,) = (block for block in blocks if command in block)
    return re.sub(r"\borders\b", instance.name, block)


def test_a_configuration_is_validated_before_the_first_start(instance):
    _with_credential(instance)
    done = instance.machine.run(f"firstseen validate {instance.config}")
    assert done.stdout == f"{instance.config}: valid\n"
    assert "kafka.properties.sasl.password: cannot read the file /run/credentials/" in done.stderr


def test_a_backup_is_put_back_and_a_key_looked_up_while_the_service_is_stopped(instance):
    _with_credential(instance)
    instance.started()
    instance.lab.send("a", "b")
    instance.lab.drained()
    instance.machine.run(f"firstseen store export --config {instance.config} /var/tmp/{instance.name}")
    instance.systemctl("stop")
    instance.machine.run(f"firstseen store import --config {instance.config} /var/tmp/{instance.name} --replace")
    message = json.dumps({"topic": instance.lab.input, "value": {"id": "a"}})
    lookup = f"firstseen store lookup --config {instance.config} --message - --json"
    assert len(json.loads(instance.machine.run(f"{lookup} <<<'{message}'").stdout)["entries"]) == 1
    instance.started()
    instance.lab.send("a", "c")
    instance.lab.drained()
    instance.lab.assert_exact()
    assert instance.rebuilt() == 0, "the backup is in place"


def test_a_store_is_primed_with_the_documented_commands(instance):
    _with_credential(instance)
    instance.started()
    instance.lab.send("a", "b")
    instance.lab.drained()
    instance.systemctl("stop")
    instance.machine.run(f"rm -r {instance.store}/*")
    done = instance.machine.run(f"set -e\n{_documented(instance, 'store prime')}")
    assert re.search("2 messages of [12] partitions? read and recorded", done.stdout), done.stdout
    instance.wait_state("active")
    assert instance.machine.run("ls /etc/firstseen").stdout.count("prime-") == 0
    instance.lab.send("a", "c")
    instance.lab.drained()
    instance.lab.assert_exact()
    assert instance.rebuilt() == 0, "nothing is left to be read"
