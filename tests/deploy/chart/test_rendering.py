"""What helm makes of the chart."""

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from deploy.charts import CHART, EXAMPLES, NAMESPACE, RELEASE, golden, one, render, run_helm, template, values_file
from deploy.rules import CASES, alerts_of, cases_of, check_rules, run_unit_tests, unit_test
from harness.paths import ROOT

from deploy import charts

_MONITORED = ("--set", "serviceMonitor.enabled=true", "--set", "prometheusRule.enabled=true")


def _without_dashboard(objects: list) -> list:
    """The dashboard is a file of its own: only that it is the same."""
    whole = json.loads((ROOT / "deploy/grafana/firstseen.json").read_text())
    for made in objects:
        if "firstseen.json" in made.get("data", {}):
            assert json.loads(made["data"]["firstseen.json"]) == whole
            made["data"]["firstseen.json"] = "deploy/grafana/firstseen.json"
    return objects


def test_the_derived_parts_are_what_their_script_makes():
    script = ROOT / "deploy/helm/generate.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES)
def test_lint_finds_nothing(example: str):
    done = run_helm("lint", "--strict", CHART, "--values", values_file(example))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_give_what_the_golden_files_hold(example: str):
    """FIRSTSEEN_UPDATE=1 writes them anew; the change is then for the reader of the diff."""
    made = _without_dashboard(render(example))
    if os.environ.get("FIRSTSEEN_UPDATE") == "1":
        charts.GOLDEN.mkdir(exist_ok=True)
        (charts.GOLDEN / f"{example}.yaml").write_text(charts.to_yaml(made))
    assert made == golden(example)


def test_a_changed_configuration_rolls_the_pods_and_nothing_else_does():
    def annotations(*options: str) -> dict:
        return one(render("minimal", *options), "StatefulSet")["spec"]["template"]["metadata"]["annotations"]

    before = annotations()
    assert annotations("--set", "config.window.ttl=48h")["checksum/config"] != before["checksum/config"]
    assert annotations("--set", "replicaCount=5", "--set", "serviceMonitor.enabled=true") == before


def test_brokers_in_one_text_open_the_port_of_each():
    made = one(render("minimal", "--set-json", 'config.kafka.brokers=["a:9093, b,c:9094"]'), "NetworkPolicy")
    assert [9093, 9092, 9094] in [[port["port"] for port in rule["ports"]] for rule in made["spec"]["egress"]]


def test_large_numbers_reach_the_configuration_as_whole_numbers():
    made = one(render("minimal", "--set", "config.delivery.max_batch=1000000"), "ConfigMap")
    assert "max_batch: 1000000\n" in made["data"]["firstseen.yaml"]


def test_the_notes_name_the_topics_and_the_risks():
    command = ("install", "orders", CHART, "--dry-run=client", "--values")
    done = run_helm(*command, values_file("production"))
    if "cluster unreachable" in done.stderr:
        pytest.skip("helm 3 prints notes only with a cluster; helm 4 is needed")
    assert "firstseen cleans ^payments[.][a-z]+$ into {topic}.unique" in done.stdout, done.stderr
    assert "3 pods share the partitions" in done.stdout
    assert "/metrics and /status are open to the whole cluster" not in done.stdout
    done = run_helm(*command, values_file("ephemeral"))
    assert "persistence.enabled is false" in done.stdout, done.stderr
    assert "/metrics and /status are open to the whole cluster" in done.stdout


def test_a_tls_configuration_of_ones_own_replaces_the_charts():
    options = ("--set", "serviceMonitor.tlsConfig.serverName=metrics.example")
    (endpoint,) = one(render("production", *options), "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"] == {"serverName": "metrics.example"}


def test_the_values_in_the_readme_install(tmp_path: Path):
    options: list[object] = []
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL)):
        (tmp_path / f"{number}.yaml").write_text(block)
        options += ["--values", tmp_path / f"{number}.yaml"]
    assert len(options) == 6
    for values in (options[:2], options[:4], options):
        done = run_helm("template", RELEASE, CHART, *values)
        assert done.returncode == 0, done.stderr


def test_the_application_is_of_the_programs_version():
    program = re.search(r"project\(\s*firstseen\s+VERSION\s+(\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert program
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == program[1]


def test_the_package_holds_what_the_chart_needs(tmp_path: Path):
    done = run_helm("package", CHART, "--destination", tmp_path)
    assert done.returncode == 0, done.stderr
    (archive,) = tmp_path.iterdir()
    with tarfile.open(archive) as package:
        assert all(member.isreg() for member in package)
        names = {member.name for member in package}
    assert {"firstseen/files/alerts.yaml", "firstseen/files/dashboard.json", "firstseen/values.schema.json"} <= names
    assert "firstseen/examples/restore-job.yaml" in names
    assert not any(name.startswith("firstseen/ci/") for name in names)


@pytest.fixture(scope="module")
def rule_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PrometheusRule's groups as a rule file."""
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(yaml.safe_dump(one(render("minimal", *_MONITORED), "PrometheusRule")["spec"]))
    return file


def test_the_alerts_of_the_chart_parse(rule_file: Path):
    check_rules(rule_file)


def test_the_alerts_of_the_chart_fire_as_the_plain_ones_do(rule_file: Path, tmp_path: Path):
    labels = {"namespace": NAMESPACE, "service": "orders-firstseen"}
    rules = yaml.safe_load(rule_file.read_text())
    for name, rule in alerts_of(rules).items():
        run_unit_tests(rules, name, [unit_test(rule, case, labels) for case in CASES[name]["fires"]], tmp_path)


def test_the_alerts_of_the_chart_leave_other_releases_alone(rule_file: Path, tmp_path: Path):
    rules = yaml.safe_load(rule_file.read_text())
    rule = alerts_of(rules)["FirstseenDown"]
    quiet = [{**case, "summary": None} for case in cases_of("FirstseenDown")]
    for namespace, service in ((NAMESPACE, "clicks-firstseen"), ("elsewhere", "orders-firstseen")):
        labels = {"namespace": namespace, "service": service}
        tests = [unit_test(rule, case, labels) for case in quiet]
        run_unit_tests(rules, "FirstseenDown", tests, tmp_path)


def test_alerts_can_be_changed_and_left_out_by_name():
    rules = alerts_of(one(golden("production"), "PrometheusRule")["spec"])
    assert "FirstseenLate" not in rules
    assert rules["FirstseenBehind"]["for"] == "30m"
    assert rules["FirstseenBehind"]["labels"] == {"severity": "critical", "team": "payments"}
    assert rules["FirstseenFarBehind"]["for"] == "15m"


_REFUSED = {
    "image.repository is required": ["--set", "image.repository="],
    "additional properties 'replicas' not allowed": ["--set", "replicas=3"],
    "additional properties 'brokerz' not allowed": ["--set", "config.kafka.brokerz=x"],
    "additional properties 'path' not allowed": ["--set", "config.store.path=/data"],
    "additional properties 'run' not allowed": ["--set", "config.run.instance=x"],
    "'/config/window/ttl'": ["--set", "config.window.ttl=1day"],
    "'/config/input/group'": ["--set", "config.input.group=20240101"],
    "'/persistence/size'": ["--set", "persistence.size=lots"],
    "'/persistence/accessModes/0'": ["--set", "persistence.accessModes={ReadWriteMany}"],
    "'/extraEnv/0/name'": ["--set", "extraEnv[0].name=POD_NAME"],
    "'/podLabels'": ["--set", r"podLabels.app\.kubernetes\.io/component=x"],
    "'/podAnnotations'": ["--set", r"podAnnotations.checksum/config=x"],
    "'/extraVolumes/0/name'": ["--set", "extraVolumes[0].name=tls"],
    "persistence.size 1Gi is too small for config.store.max_size 1GiB": ["--set", "persistence.size=1Gi"],
    "persistence.size 4Gi is too small for config.store.max_size 8GiB": [
        *("--set", "persistence.enabled=false", "--set", "config.store.max_size=8GiB"),
        *("--set", "resources.limits.memory=16Gi"),
    ],
    "resources.limits.memory 2Gi is too small for config.store.max_size 16GiB": [
        *("--set", "config.store.max_size=16GiB", "--set", "persistence.size=32Gi")
    ],
    "resources.limits.memory 2Gi is too small for config.store.max_size 64GiB": [  # firstseen's own default
        *("--set", "config.store.max_size=null", "--set", "persistence.size=128Gi")
    ],
    "resources.limits.memory 256Mi is too small for config.store.max_size 1GiB": [
        *("--set", "resources.limits.memory=256Mi")
    ],
    "terminationGracePeriodSeconds must be at least 20": ["--set", "terminationGracePeriodSeconds=19"],
    "additional properties 'preStopSeconds' not allowed": ["--set", "preStopSeconds=5"],
    "http.tokenKey names a key of secrets.existingSecret, which is not set": ["--set", "http.tokenKey=token"],
    "serviceMonitor.tlsConfig has no effect": ["--set", "serviceMonitor.tlsConfig.insecureSkipVerify=true"],
    "http.port and http.probePort must differ": ["--set", "http.port=9465"],
    "networkPolicy.kafkaPorts is required": ["--set-json", 'config.kafka.brokers=["${BROKERS}"]'],
    "prometheusRule.enabled needs serviceMonitor.enabled": ["--set", "prometheusRule.enabled=true"],
    "there is no alert FirstseenLost": [*_MONITORED, "--set", "prometheusRule.disabled={FirstseenLost}"],
    "there is no alert FirstseenBehindd": [*_MONITORED, "--set", "prometheusRule.overrides.FirstseenBehindd.for=1h"],
}


@pytest.mark.parametrize("message", _REFUSED)
def test_is_refused(message: str):
    done = template("minimal", *_REFUSED[message])
    assert done.returncode != 0, done.stdout
    assert message in done.stderr


def test_what_cannot_be_guessed_is_asked_for(tmp_path: Path):
    file = tmp_path / "values.yaml"
    file.write_text("config: {kafka: {}, input: {topics: [orders]}}")
    done = run_helm("template", CHART, "--values", file)
    assert "at '/config': missing property 'output'" in done.stderr
    assert "at '/config/kafka': missing property 'brokers'" in done.stderr
    assert "at '/config/input': missing property 'group'" in done.stderr
