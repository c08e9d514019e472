"""The program with the chart's configuration does what the pods' specification counts on."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cluster.pages import Pages
from deploy.charts import golden, one
from deploy.scene import Server, Stream
from harness import process
from harness.daemon import Daemon
from harness.poll import wait_until


@pytest.fixture
def pod() -> dict:
    return one(golden("minimal"), "StatefulSet")["spec"]["template"]["spec"]


@pytest.fixture
def stream() -> Stream:
    """One for each test: a broker keeps the place of a member that was killed."""
    return Stream()


@pytest.fixture
def configuration(stream: Stream, tmp_path: Path) -> dict:
    """Of ci/minimal-values.yaml, at this machine's places."""
    made = yaml.safe_load(one(golden("minimal"), "ConfigMap")["data"]["firstseen.yaml"])
    made["kafka"] = {"brokers": [stream.brokers]}
    made["store"]["path"] = str(tmp_path / "store")
    for option, port in zip(("listen", "probe_listen"), process.free_ports(2), strict=True):
        made["http"][option] = f"127.0.0.1:{port}"
    return made


@pytest.fixture
def daemon(configuration: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setenv("POD_NAME", "orders-firstseen-0")
    running = Daemon(tmp_path, configuration)
    running.start()
    yield running
    running.kill()


def test_probes_answer_at_their_port_and_metrics_at_theirs(pod: dict, configuration: dict, daemon: Daemon):
    container = pod["containers"][0]
    probes, metrics = (Server(configuration["http"][option]) for option in ("probe_listen", "listen"))
    for kind in ("startup", "liveness", "readiness"):
        path = container[f"{kind}Probe"]["httpGet"]["path"]
        wait_until(lambda path=path: probes.get(path), f"{path} answers with status 200")
        assert not metrics.get(path)
    assert "firstseen_build_info" in metrics.get("/metrics")
    assert not probes.get("/metrics")


def test_keys_of_the_secrets_guard_the_pages_and_not_the_probes(
    configuration: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With the paths of ci/production-values.yaml below another directory."""
    pages = Pages(tmp_path, "payments-dedup", "streams")
    for secret, folder in zip(pages.secrets(), ("firstseen", "firstseen-tls"), strict=True):
        (tmp_path / folder).mkdir()
        for key, text in secret["stringData"].items():
            (tmp_path / folder / key).write_text(text)
    text = one(golden("production"), "ConfigMap")["data"]["firstseen.yaml"].replace("/run/secrets", str(tmp_path))
    configuration["http"] = {**yaml.safe_load(text)["http"], **configuration["http"]}
    monkeypatch.setenv("POD_NAME", "payments-dedup-0")
    running = Daemon(tmp_path, configuration).start()
    try:
        wait_until(lambda: Server(configuration["http"]["probe_listen"]).get("/readyz"), "the daemon is ready")
        address, _, port = configuration["http"]["listen"].partition(":")
        status, body = pages.get(address, "/metrics", port=int(port))
        assert (status, "firstseen_build_info" in body) == (200, True)
        assert pages.get(address, "/metrics", token="another", port=int(port))[0] == 401
        assert pages.get(address, "/metrics", token="", port=int(port))[0] == 401
    finally:
        running.kill()


def test_member_and_transactional_id_are_made_of_the_pods_name(daemon: Daemon):
    daemon.wait_log("group.instance.id and transactional.id: firstseen-firstseen-orders-orders-firstseen-0-0")


def test_a_pod_that_works_says_so_and_stops_within_its_grace(pod: dict, configuration: dict, daemon: Daemon):
    wait_until(lambda: Server(configuration["http"]["probe_listen"]).get("/readyz"), "the daemon is ready")
    status = daemon.command("status")  # what the notes tell to ask
    assert status.returncode == 0, status.stdout + status.stderr
    started = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - started < pod["terminationGracePeriodSeconds"]
