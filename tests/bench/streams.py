"""The Kafka Streams program of peers/streams as a contestant, and how it is built."""

from dataclasses import dataclass

from contestants import Job
from harness.maven import maven
from harness.paths import BUILD, ROOT, alone

_SOURCE = ROOT / "tests" / "bench" / "peers" / "streams"
_STAMP = BUILD / "streams" / "built-from"


def build() -> None:
    """Compiles it, and fetches Kafka Streams from Maven Central, unless this has been done with these very sources."""
    sources = sorted(path for path in _SOURCE.rglob("*") if path.is_file())
    state = "".join(f"{path.relative_to(_SOURCE)}\n{path.read_text()}" for path in sources)
    goals = ["compiler:compile", "dependency:copy-dependencies"]
    with alone("streams"):
        if not _STAMP.is_file() or _STAMP.read_text() != state:
            maven(_SOURCE / "pom.xml", *goals)
            _STAMP.write_text(state)


@dataclass(frozen=True)
class Streams:
    threads: int = 1
    caching: bool = False
    heap_mb: int | None = 512  # None: what the JVM takes by itself, a quarter of the machine at most
    java: tuple[str, ...] = ()  # further options of the JVM
    properties: tuple[str, ...] = ()  # NAME=VALUE of Streams or its clients
    label: str = ""
    deduplicates: bool = True

    @property
    def name(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"Kafka Streams, {threads}" + (f", {self.label}" if self.label else "")

    def command(self, job: Job) -> list[str]:
        classpath = f"{BUILD}/streams/classes:{BUILD}/streams/dependency/*"
        return [
            "java",
            *([f"-Xmx{self.heap_mb}m"] if self.heap_mb else []),
            *self.java,
            "-cp",
            classpath,
            "firstseen.bench.StreamsDedup",
            job.brokers,
            job.input,
            job.name,
            job.name,
            str(job.directory / "state"),
            str(self.threads),
            str(job.commit_interval_ms),
            "caching" if self.caching else "direct",
            *self.properties,
        ]

    def index_bytes(self, _job: Job) -> int:
        return 0
