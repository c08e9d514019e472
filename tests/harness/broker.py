"""One Apache Kafka broker in KRaft mode, in a temporary directory and on free ports."""

import base64
import os
import re
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from . import process
from .paths import ensure_jars
from .poll import wait_until
from .tls import make_certificates

SASL_USER = "alice"
SASL_PASSWORD = "wonder-land"

_PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://{host}:{plain},SASL_SSL://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://{host}:{plain},SASL_SSL://127.0.0.1:{sasl}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config={plain_login} required user_{user}="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
socket.request.max.bytes=134217728
log.cleaner.dedupe.buffer.size=16777216
log.retention.ms=-1
delete.records.purgatory.purge.interval.requests=1
"""


class Broker:
    """Use as a context manager; `plaintext` and `sasl_ssl` are host:port of the two listeners."""

    def __init__(
        self,
        heap_mb: int = 512,
        quick_start: bool = True,
        settings: Mapping[str, str] = MappingProxyType({}),
        host: str = "127.0.0.1",
    ) -> None:
        """`quick_start` keeps the JVM to its first compiler, which suits short tests but not measurements. `settings`
        are added to server.properties. `host` is this machine's address for `plaintext`."""
        self.directory = Path(tempfile.mkdtemp(prefix="firstseen-broker-"))
        self.log = self.directory / "broker.log"
        self._heap_mb = heap_mb
        self._quick_start = quick_start
        plain, sasl, controller = process.free_ports(3)
        self.plaintext = f"{host}:{plain}"
        self.sasl_ssl = f"127.0.0.1:{sasl}"
        self._process: subprocess.Popen | None = None
        self.certificates = make_certificates(self.directory / "tls")
        self._properties = self.directory / "server.properties"
        self._properties.write_text(
            _PROPERTIES.format(
                host=host,
                plain=plain,
                sasl=sasl,
                controller=controller,
                keystore=self.certificates.keystore,
                plain_login=_PLAIN_LOGIN,
                user=SASL_USER,
                password=SASL_PASSWORD,
                data=self.directory / "data",
            )
            + "".join(f"{name}={value}\n" for name, value in settings.items())
        )
        self._jars = ensure_jars()
        self._format()

    def _java(self, *arguments: str) -> list[str]:
        return ["java", "-cp", f"{self._jars}/*", *arguments]

    def _format(self) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        scram = f"SCRAM-SHA-512=[name={SASL_USER},password={SASL_PASSWORD}]"
        done = subprocess.run(
            self._java(
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id=" + cluster_id,
                "-c",
                str(self._properties),
                "--standalone",
                "--add-scram",
                scram,
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"formatting the broker's storage failed:\n{done.stdout}{done.stderr}")

    def start(self, wait: bool = True) -> "Broker":
        options = [f"-Xmx{self._heap_mb}m", f"-Xms{min(256, self._heap_mb)}m", "-XX:+UseSerialGC"]
        if self._quick_start:
            options.append("-XX:TieredStopAtLevel=1")
        options.append("-Dorg.slf4j.simpleLogger.showDateTime=true")
        self._process = process.start(self._java(*options, "kafka.Kafka", str(self._properties)), self.log)
        if wait:
            self.wait_ready()
        return self

    def change_password(self, password: str) -> None:
        """Of SASL_USER, for PLAIN, from the next start on."""
        before = self._properties.read_text()
        self._properties.write_text(re.sub(f'(?<=user_{SASL_USER}=)"[^"]*"', f'"{password}"', before))

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        admin = AdminClient({"bootstrap.servers": self.plaintext, "log_level": 0})

        def answers() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"the broker ended with status {self._process.returncode}:\n{self.log_tail()}")
            try:
                return bool(admin.list_topics(timeout=1.0).brokers)
            except KafkaException:
                return False

        wait_until(answers, "the broker answers", timeout_s)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL, as a crash of the machine's process would be."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def become_another(self) -> None:
        """While it is stopped: at the next start it is another cluster, without topics, at the same addresses."""
        shutil.rmtree(self.directory / "data")
        self._format()

    def suspend(self) -> None:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def close(self) -> None:
        self.kill()
        if not os.environ.get("FIRSTSEEN_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def tool(self, main_class: str, *arguments: str, timeout_s: float = 60.0) -> str:
        """Runs one of Kafka's own command line tools by its class; returns stdout."""
        done = subprocess.run(
            self._java("-Xmx128m", "-XX:TieredStopAtLevel=1", main_class, *arguments),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{main_class} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def sasl_properties(self, mechanism: str = "SCRAM-SHA-512", password: str = SASL_PASSWORD) -> dict[str, str]:
        """librdkafka's properties for the SASL_SSL listener."""
        return {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self.certificates.ca),
            "sasl.mechanism": mechanism,
            "sasl.username": SASL_USER,
            "sasl.password": password,
        }

    def __enter__(self) -> "Broker":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
