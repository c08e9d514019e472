"""A daemon at work, and a Prometheus that scrapes it."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from confluent_kafka import Producer
from deploy.tools import prometheus
from harness import process
from harness.daemon import Daemon, config
from harness.poll import wait_until


class Stream:
    """librdkafka's mock cluster with a topic, into which a bit of everything is written: first messages, duplicates,
    messages without a key, some from the future."""

    def __init__(self) -> None:
        self._producer = Producer({"test.mock.num.brokers": 1, "log_level": 3})
        broker = self._producer.list_topics(timeout=30).brokers[1]
        self.brokers = f"{broker.host}:{broker.port}"
        for topic in ("orders", "orders.unique"):  # asking for a topic makes it
            self._producer.list_topics(topic, timeout=30)
        self._next = 0

    def write(self) -> None:
        for _ in range(200):
            self._next += 1
            self._producer.produce("orders", json.dumps({"id": self._next // 2}))
        self._producer.produce("orders", "not JSON")
        self._producer.produce("orders", json.dumps({"id": 0}), timestamp=int(time.time() + 3600) * 1000)
        assert self._producer.flush(30) == 0


@dataclass
class Server:
    """Something that answers over HTTP."""

    address: str

    def get(self, path: str) -> str:
        """The body; nothing while it does not answer with status 200."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError):
            return ""

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus says to PromQL, at this moment."""
        answer = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return json.loads(answer)["data"]["result"] if answer else []


@pytest.fixture(scope="session")
def stream() -> Stream:
    return Stream()


@pytest.fixture(scope="session")
def daemon(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """firstseen on that stream, ready and with something to tell."""
    (port,) = process.free_ports(1)
    folder = tmp_path_factory.mktemp("daemon")
    http = {"listen": f"127.0.0.1:{port}"}
    running = Daemon(folder, config(folder, stream.brokers, ["orders"], "observed", "orders.unique",
                                    http=http, rejects={"route": "drop"}))  # fmt: skip
    running.start()
    server = Server(f"127.0.0.1:{port}")
    try:
        wait_until(lambda: server.get("/readyz"), "the daemon is ready")
        stream.write()
        wait_until(lambda: "firstseen_messages_consumed_total 202" in server.get("/metrics"), "all is consumed")
        yield server
        assert running.stop() == 0
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
