"""What is measured: programs that carry a topic to another one, started by a command each."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.daemon import config
from harness.paths import bare_loop_binary, firstseen_binary


@dataclass(frozen=True)
class Job:
    """One run of a contestant. `name` is the consumer group and the output topic."""

    brokers: str
    directory: Path  # the run's own
    input: str
    name: str
    partitions: int
    commit_interval_ms: int = 500


class Contestant(Protocol):
    name: str
    deduplicates: bool

    def command(self, job: Job) -> list[str]:
        """To be started; again with the same job for a restart."""
        ...

    def index_bytes(self, job: Job) -> int:
        """Memory that the running program spends on knowing keys, as it says itself."""
        ...


@dataclass(frozen=True)
class BareLoop:
    threads: int = 1
    prefetch_messages: int = 200_000
    deduplicates: bool = False

    @property
    def name(self) -> str:
        deep = ", deep prefetch" if self.prefetch_messages > BareLoop.prefetch_messages else ""
        return ("bare loop" if self.threads == 1 else f"bare loop, {self.threads} threads") + deep

    def command(self, job: Job) -> list[str]:
        return [
            str(bare_loop_binary()),
            job.brokers,
            job.input,
            job.name,
            job.name,
            str(job.partitions),
            f"--threads={self.threads}",
            f"--commit-interval-ms={job.commit_interval_ms}",
            f"--prefetch-messages={self.prefetch_messages}",
        ]

    def index_bytes(self, _job: Job) -> int:
        return 0


DURABILITY_NOTE = (
    "firstseen ran with store.durability process_crash, not with the default power_loss, which waits for the disk at "
    "each commit: no other contestant does"
)
"""For the results of everything that measures Firstseen."""


@dataclass(frozen=True)
class Firstseen:
    """As a user would run it, but for the durability: see DURABILITY_NOTE."""

    key: str = "payload:/id"
    instance: str = "a"
    properties: dict[str, str] = field(default_factory=dict, hash=False)  # librdkafka's
    options: dict[str, str] = field(default_factory=dict, hash=False)  # more of the configuration: "output.compression"
    environment: dict[str, str] = field(default_factory=dict, hash=False)  # of the process, beside what it inherits
    http: str | None = ""  # where it answers, if anywhere; None: the section is left out, for builds without one
    path: str = ""  # of the program; empty: the build tree's
    name: str = "firstseen"
    deduplicates: bool = True

    def command(self, job: Job) -> list[str]:
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        prefix = ["env", *variables] if variables else []  # env becomes the program: the process stays the one started
        return [*prefix, self._program(), "run", "--config", str(self._config_file(job))]

    def status(self, job: Job) -> dict:
        done = subprocess.run(
            [self._program(), "status", "--json", "--config", str(self._config_file(job))],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return json.loads(done.stdout) if done.stdout else {}

    def index_bytes(self, job: Job) -> int:
        return self.status(job).get("store", {}).get("index_bytes", 0)

    def _program(self) -> str:
        return self.path or str(firstseen_binary())

    def _config_file(self, job: Job) -> Path:
        directory = job.directory / self.instance
        file = directory / "firstseen.yaml"
        if not file.is_file():
            directory.mkdir(parents=True, exist_ok=True)
            made = config(directory, job.brokers, [job.input], job.name, job.name, **self._sections(job))
            if self.http is None:
                del made["http"]
            file.write_text(json.dumps(made, indent=1))
        return file

    def _sections(self, job: Job) -> dict[str, dict]:
        sections: dict[str, dict] = {
            "kafka": {"properties": self.properties or None},
            "key": {"fields": [self.key]},
            "store": {"max_size": "8GiB"},
            "delivery": {"commit_interval": f"{job.commit_interval_ms}ms", "max_batch": 100000},
            "run": {"instance": self.instance},
            "http": {"listen": self.http},
        }
        for name, value in self.options.items():
            section, _, option = name.partition(".")
            sections.setdefault(section, {})[option] = value
        return sections
