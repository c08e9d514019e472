"""The golden files against Kubernetes' schemas and rules, and against firstseen: without helm."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.charts import CHART, EXAMPLES, golden, one, pods
from deploy.schemas import OPERATOR, VERSIONS
from harness.paths import firstseen_binary
from harness.tls import make_certificates
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from deploy import schemas

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


@pytest.fixture(scope="module", params=VERSIONS)
def kubernetes(request: pytest.FixtureRequest):
    """Finds what a version of Kubernetes has against an object."""
    definitions = DRAFT202012.create_resource(schemas.definitions(request.param))
    registry = Registry().with_resource("/api/_definitions.json", definitions)

    def complaints(made: dict[str, Any]) -> list[str]:
        schema = schemas.of_kubernetes(request.param, made)
        errors = Draft202012Validator(schema, registry=registry).iter_errors(made)
        return [f"{error.json_path}: {error.message}" for error in errors]

    return complaints


@pytest.mark.parametrize("example", EXAMPLES)
def test_kubernetes_knows_every_field(example: str, kubernetes):
    for made in golden(example):
        if not made["apiVersion"].startswith(OPERATOR):
            assert kubernetes(made) == [], made["kind"]


def _of_the_operator(example: str) -> dict[str, dict[str, Any]]:
    """By kind."""
    return {made["kind"]: made for made in golden(example) if made["apiVersion"].startswith(OPERATOR)}


def _operators_complaints(made: dict[str, Any]) -> list[str]:
    errors = Draft202012Validator(schemas.of_the_operator(made)).iter_errors(made)
    return [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize(
    ("example", "kind"), [(example, kind) for example in EXAMPLES for kind in _of_the_operator(example)]
)
def test_the_prometheus_operator_knows_every_field(example: str, kind: str):
    assert _operators_complaints(_of_the_operator(example)[kind]) == []


def test_the_check_finds_a_field_that_the_prometheus_operator_does_not_know():
    made = _of_the_operator("production")["ServiceMonitor"]
    made["spec"]["endpoints"][0]["intervall"] = "15s"
    assert "intervall" in _operators_complaints(made)[0]


def test_the_check_finds_a_field_that_kubernetes_does_not_know(kubernetes):
    made = one(golden("minimal"), "StatefulSet")
    made["spec"]["template"]["spec"]["containers"][0]["volumeMount"] = []
    assert "volumeMount" in kubernetes(made)[0]


def _against_restricted(pod: dict[str, Any]) -> list[str]:
    """What of the Pod Security Standard 'restricted' a pod does not keep."""
    context = pod.get("securityContext", {})
    found = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    found += [f"volume {volume['name']}" for volume in pod["volumes"] if not _VOLUMES & volume.keys()]
    for container in pod["containers"] + pod.get("initContainers", []):
        own = {**context, **container.get("securityContext", {})}
        keeps = {
            "runAsNonRoot": own.get("runAsNonRoot") is True and own.get("runAsUser") != 0,
            "seccompProfile": own.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
            "privileged": not own.get("privileged"),
            "hostPort": not any("hostPort" in port for port in container.get("ports", [])),
        }
        found += [f"{container['name']}: {rule}" for rule, kept in keeps.items() if not kept]
    return found


@pytest.mark.parametrize("example", EXAMPLES)
def test_pods_are_restricted_read_only_and_without_a_token(example: str):
    for name, pod in pods(golden(example)).items():
        assert _against_restricted(pod) == [], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert container["resources"]["limits"]["memory"], name


def test_the_check_finds_a_pod_that_may_become_root():
    pod = pods(golden("minimal"))["StatefulSet orders-firstseen"]
    pod["securityContext"]["runAsUser"] = 0
    assert _against_restricted(pod) == ["firstseen: runAsNonRoot"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_pod_of_helm_test_may_run_where_the_daemons_may(example: str):
    """A cluster may have no node but dedicated ones: it would stay Pending."""
    daemon, test = pods(golden(example)).values()
    for choice in ("nodeSelector", "tolerations", "imagePullSecrets"):
        assert test.get(choice) == daemon.get(choice), choice
    if example == "production":
        assert daemon["nodeSelector"], "else the example shows nothing"
        assert daemon["tolerations"], "else the example shows nothing"


@pytest.mark.parametrize("example", EXAMPLES)
def test_firstseen_accepts_the_configuration(example: str, tmp_path: Path):
    text = one(golden(example), "ConfigMap")["data"]["firstseen.yaml"]
    for name in ("kafka-password", "metrics-token"):
        (tmp_path / name).write_text("secret\n")
    both = str(make_certificates(tmp_path / "tls").keystore)
    for name in ("tls.crt", "tls.key"):
        text = text.replace(f"/run/secrets/firstseen-tls/{name}", both)
    text = text.replace("/run/secrets/firstseen", str(tmp_path))
    text = text.replace("/etc/kafka-ca/ca.crt", "/etc/ssl/certs/ca-certificates.crt")
    (tmp_path / "firstseen.yaml").write_text(text)
    command = [firstseen_binary(), "validate", tmp_path / "firstseen.yaml", "--effective"]
    environment = {**os.environ, "POD_NAME": "orders-firstseen-0", "KAFKA_USER": "payments"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "${POD_NAME}" in done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_parts_find_each_other(example: str):
    objects = golden(example)
    stateful, service = one(objects, "StatefulSet")["spec"], one(objects, "Service")["spec"]
    pod = stateful["template"]
    container = pod["spec"]["containers"][0]
    assert stateful["serviceName"] == one(objects, "Service")["metadata"]["name"]
    assert service["selector"].items() <= pod["metadata"]["labels"].items()
    assert stateful["selector"]["matchLabels"] == service["selector"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["ports"]} == ports
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert [probe["path"] for probe in probes] == ["/startupz", "/livez", "/readyz"]
    assert {probe["port"] for probe in probes} == {"probes"}
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in stateful.get("volumeClaimTemplates", [])}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    for made in objects:
        if made["kind"] == "Pod":  # of helm test: neither the Service nor a budget nor a policy counts it
            assert not service["selector"].items() <= made["metadata"]["labels"].items()


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_delays_the_end_of_a_pod_and_its_grace_is_twice_what_a_stop_takes(example: str):
    pod = one(golden(example), "StatefulSet")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= 20
    assert not any("lifecycle" in container for container in pod["containers"])


@pytest.mark.parametrize(
    ("example", "named"), [("minimal", []), ("production", [{"ipBlock": {"cidr": "192.0.2.128/25"}}])]
)
def test_the_test_and_who_is_named_reach_the_probes_and_no_other_pod(example: str, named: list):
    objects = golden(example)
    (rule,) = (
        rule
        for rule in one(objects, "NetworkPolicy")["spec"]["ingress"]
        if "probes" in [port["port"] for port in rule["ports"]]
    )
    assert [port["port"] for port in rule["ports"]] == ["probes"]
    test, *others = rule["from"]
    wanted = test["podSelector"]["matchLabels"].items()
    daemon = one(objects, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert wanted <= one(objects, "Pod")["metadata"]["labels"].items()
    assert not wanted <= daemon.items()
    assert others == named


@pytest.mark.parametrize(("example", "secret"), [("production", "payments-dedup-tls"), ("minimal", None)])
def test_the_pages_are_over_tls_where_a_secret_is_named_and_the_probes_never(example: str, secret: str | None):
    objects = golden(example)
    pod = one(objects, "StatefulSet")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    http = yaml.safe_load(one(objects, "ConfigMap")["data"]["firstseen.yaml"])["http"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    folders = {str(Path(file).parent) for file in http.get("tls", {}).values()}
    assert {secrets[mounts[folder]] for folder in folders} == ({secret} if secret else set())
    assert not any("scheme" in container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness"))


def test_the_scrape_trusts_the_authority_in_the_secret_and_asks_for_the_services_name():
    (endpoint,) = one(golden("production"), "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"]["ca"]["secret"] == {"name": "payments-dedup-tls", "key": "ca.crt"}
    assert endpoint["tlsConfig"]["serverName"] == "payments-dedup.streams.svc"
    (plain,) = one(golden("ephemeral"), "ServiceMonitor")["spec"]["endpoints"]
    assert not {"scheme", "tlsConfig"} & set(plain)


def _restore_job() -> dict[str, Any]:
    return yaml.safe_load((CHART / "examples/restore-job.yaml").read_text())


def test_the_job_that_puts_a_backup_back_is_known_to_kubernetes_and_restricted(kubernetes):
    job = _restore_job()
    assert kubernetes(job) == []
    pod = job["spec"]["template"]["spec"]
    assert _against_restricted(pod) == []
    assert pod["automountServiceAccountToken"] is False


def test_the_job_that_puts_a_backup_back_is_the_daemons_pod_with_another_command():
    """But for the backup's volume; of the names none is other than the chart makes it."""
    objects, job = golden("minimal"), _restore_job()
    stateful = one(objects, "StatefulSet")
    daemon, restore = stateful["spec"]["template"]["spec"], job["spec"]["template"]["spec"]
    for part in ("securityContext", "automountServiceAccountToken", "enableServiceLinks"):
        assert restore[part] == daemon[part], part
    (own,), (its,) = restore["containers"], daemon["containers"]
    for part in ("image", "imagePullPolicy", "command", "securityContext", "resources"):
        assert own[part] == its[part], part
    pod_name = f"{stateful['metadata']['name']}-0"
    assert own["env"] == [{"name": "POD_NAME", "value": pod_name}]
    assert [mount for mount in own["volumeMounts"] if mount["name"] != "backup"] == its["volumeMounts"]
    (claim,) = stateful["spec"]["volumeClaimTemplates"]
    volumes = {volume["name"]: volume for volume in restore["volumes"]}
    assert volumes.keys() == {mount["name"] for mount in own["volumeMounts"]}
    assert volumes["state"]["persistentVolumeClaim"] == {"claimName": f"{claim['metadata']['name']}-{pod_name}"}
    assert [volumes["config"]] == daemon["volumes"]
    assert not one(objects, "Service")["spec"]["selector"].items() <= job["metadata"].get("labels", {}).items()


@pytest.mark.parametrize("example", EXAMPLES)
def test_firstseen_takes_the_command_that_puts_a_backup_back_without_any_secret(example: str, tmp_path: Path):
    text = one(golden(example), "ConfigMap")["data"]["firstseen.yaml"]
    (tmp_path / "firstseen.yaml").write_text(text.replace("/var/lib/firstseen", str(tmp_path)))
    (container,) = _restore_job()["spec"]["template"]["spec"]["containers"]
    words = [word.replace("/etc/firstseen", str(tmp_path)) for word in container["args"]]
    words = [word.replace("/backup", str(tmp_path / "backup")) for word in words]
    environment = {**os.environ, **{each["name"]: each["value"] for each in container["env"]}}
    done = subprocess.run([firstseen_binary(), *words], env=environment, capture_output=True, text=True, check=False)
    assert f"{tmp_path}/backup/monday holds no store of firstseen" in done.stderr, "nothing else is missed"


def test_the_documented_way_back_names_the_objects_of_the_job_and_of_the_chart():
    text = (CHART / "README.md").read_text()
    names = {one(golden("minimal"), "StatefulSet")["metadata"]["name"], _restore_job()["metadata"]["name"]}
    assert set(re.findall(r"(?:statefulset|job)[ /]([a-z]+-[a-z]+)", text)) == names


def test_the_schema_knows_just_the_values_and_takes_the_defaults():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    Draft7Validator.check_schema(schema)
    assert set(schema["properties"]) - {"global"} == set(values)
    for name, options in schema["properties"].items():
        if name != "config" and isinstance(values.get(name), dict) and "properties" in options:
            assert options["additionalProperties"] is False, name
            known = set(options["properties"])
            assert set(values[name]) <= known if name == "resources" else set(values[name]) == known, name
    example = yaml.safe_load((CHART / "ci/minimal-values.yaml").read_text())
    assert list(Draft7Validator(schema).iter_errors({**values, **example})) == []
