"""A daemon at work, a Prometheus that scrapes it, and a daemon that is paused."""

import ssl
from collections.abc import Iterator

import pytest
import yaml
from deploy.scene import Server, Stream
from deploy.tools import prometheus
from harness import process
from harness.daemon import Daemon, config
from harness.poll import wait_until
from harness.tls import make_certificates


@pytest.fixture(scope="session")
def stream() -> Stream:
    return Stream()


@pytest.fixture(scope="session")
def daemon(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """firstseen on that stream, with rules, ready and with something to tell."""
    (port,) = process.free_ports(1)
    folder = tmp_path_factory.mktemp("daemon")
    http = {"listen": f"127.0.0.1:{port}"}
    fields = ["payload:/id"]
    calls = {"name": "calls", "when": {"part": "header:kind", "equals": "call"}, "fields": fields, "ttl": "5m"}
    key = {"fields": None, "rules": [calls, {"name": "orders", "fields": fields, "ttl": "24h"}]}
    running = Daemon(folder, config(folder, stream.brokers, ["orders"], "observed", "orders.unique",
                                    http=http, key=key, rejects={"route": "drop"},
                                    store={"durability": "power_loss"}))  # fmt: skip
    running.start()
    server = Server(f"127.0.0.1:{port}")
    try:
        wait_until(lambda: server.get("/readyz"), "the daemon is ready")
        stream.write()
        wait_until(lambda: "firstseen_messages_consumed_total 202" in server.get("/metrics"), "all is consumed")
        wait_until(lambda: "firstseen_kafka_request_latency_seconds" in server.get("/metrics"), "librdkafka tells, too")
        yield server
        assert running.stop() == 0
    finally:
        running.kill()


@pytest.fixture(scope="session")
def paused(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """firstseen on that stream, paused by a person, whose pages are over TLS."""
    pages, probes = (f"127.0.0.1:{port}" for port in process.free_ports(2))
    folder = tmp_path_factory.mktemp("paused")
    made = make_certificates(folder / "tls")
    http = {"listen": pages, "probe_listen": probes,
            "tls": {"certificate": str(made.certificate), "key": str(made.key)}}  # fmt: skip
    running = Daemon(folder, config(folder, stream.brokers, ["orders"], "paused", "orders.unique",
                                    http=http, rejects={"route": "drop"}))  # fmt: skip
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(made.ca)
    server = Server(pages, trust)
    running.start()
    try:
        wait_until(lambda: Server(probes).get("/readyz"), "the daemon is ready")
        done = running.command("pause")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: "firstseen_paused_since_seconds" in server.get("/metrics"), "it says that it is paused")
        yield server
    finally:
        running.kill()


@pytest.fixture(scope="session")
def watcher(daemon: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Prometheus with the job firstseen."""
    program = prometheus()
    folder = tmp_path_factory.mktemp("prometheus")
    target = {"job_name": "firstseen", "static_configs": [{"targets": [daemon.address]}]}
    settings = {"global": {"scrape_interval": "1s"}, "scrape_configs": [target]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    (port,) = process.free_ports(1)
    command = [str(program), "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"]
    running = process.start(["env", "-C", str(folder), *command, f"--web.listen-address=127.0.0.1:{port}"],
                            folder / "prometheus.log")  # fmt: skip
    server = Server(f"127.0.0.1:{port}")
    try:
        wait_until(lambda: server.query('up{job="firstseen"} == 1'), "Prometheus scrapes the daemon")
        yield server
    finally:
        running.kill()
        running.wait()
