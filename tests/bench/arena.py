"""One broker and what is done on it in one benchmark: topics filled, contestants run into outputs of their own."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from contestants import Contestant, Job
from dataset import DataSet
from exactness import Expected
from harness import process
from harness.admin import Admin
from harness.broker import Broker
from load import OtherLoad, prefer
from measure import Measured, Task, measure

_STOP_TIMEOUT_S = 30.0


def say(text: str) -> None:
    """Progress, beside the results on stdout."""
    print(text, file=sys.stderr, flush=True)


class Arena:
    """Use as a context manager."""

    def __enter__(self) -> "Arena":
        self.directory = Path(tempfile.mkdtemp(prefix="firstseen-bench-"))
        self.broker = Broker(heap_mb=1024, quick_start=False).start()
        self.admin = Admin(self.broker.plaintext)
        self.priority = prefer(self.broker.pid)
        self.exact = True
        self.other_cores = 0.0  # the most that others used during any measured run
        self._numbers = itertools.count(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.close()
        if not os.environ.get("FIRSTSEEN_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def filled(self, data: DataSet) -> tuple[str, Expected]:
        """A new topic that holds this data set, and what must come of it."""
        topic = self.admin.create_topic(f"in.{next(self._numbers)}", data.partitions)
        data.fill(self.broker.plaintext, topic)
        expected = Expected(self.broker.plaintext, topic)
        say(f"{topic}: {data}; {expected.first_seen:,} are the first of their key")
        if expected.messages != data.messages:
            raise RuntimeError(f"{topic} holds {expected.messages} messages instead of {data.messages}")
        return topic, expected

    def job(self, contestant: Contestant, topic: str, partitions: int, commit_interval_ms: int = 500) -> Job:
        """With a new output topic."""
        name = f"{re.sub('[^A-Za-z0-9]+', '-', contestant.name)}.{next(self._numbers)}"
        directory = self.directory / name
        directory.mkdir()
        self.admin.create_topic(name, partitions)
        return Job(self.broker.plaintext, directory, topic, name, partitions, commit_interval_ms)

    @contextmanager
    def running(self, contestant: Contestant, job: Job) -> Iterator[subprocess.Popen]:
        """The contestant as a process, ended at last; its log is shown if something fails."""
        log = job.directory / "log"
        started = process.start(contestant.command(job), log)
        self.priority = prefer(started.pid)
        try:
            yield started
        except Exception:
            say("\n".join(log.read_text(errors="replace").splitlines()[-20:]))
            raise
        finally:
            end(started)

    def drain(
        self,
        contestant: Contestant,
        topic: str,
        data: DataSet,
        expected: Expected,
        note: str = "",
        beside: AbstractContextManager[Iterable[int]] | None = None,
    ) -> Measured:
        """One run over the whole topic, its output checked and deleted. `note` is for the progress line; `beside` goes
        on meanwhile, and gives the processes that belong to it."""
        job = self.job(contestant, topic, data.partitions)
        with self.running(contestant, job) as started, beside or nullcontext(()) as companions:
            watch = OtherLoad((started.pid, self.broker.pid, *companions))
            measured = measure(self.admin, [started], Task(job.name, topic, job.name, data.messages))
            measured = replace(measured, index_bytes=contestant.index_bytes(job), other_cores=watch.cores())
        self.see(measured.other_cores)
        say(
            f"{contestant.name:<20} {measured.messages_per_s:>9,.0f} messages/s, {measured.cpu_us:.2f} us CPU, "
            f"{measured.peak_bytes / 2**20:.0f} MiB, others {measured.other_cores:.1f} cores, "
            f"{self.check(contestant, job, expected)}{note}"
        )
        self.discard(job)
        return measured

    def see(self, other_cores: float) -> None:
        self.other_cores = max(self.other_cores, other_cores)

    def check(self, contestant: Contestant, job: Job, expected: Expected) -> str:
        """Compares the output with what it must be; `exact` falls if it differs."""
        report = expected.report(job.name, contestant.deduplicates)
        self.exact = self.exact and report.exact
        return "exact" if report.exact else f"NOT EXACT: {report}"

    def discard(self, job: Job) -> None:
        """With the topics that the contestant has made for itself: Streams' changelogs, which would fill the disk."""
        for topic in (job.name, *self.admin.topics(f"{job.name}-")):
            self.admin.delete_topic(topic)
        shutil.rmtree(job.directory, ignore_errors=True)

    def facts(self) -> dict:
        """For the result."""
        return {"exact": self.exact, "other_cores": self.other_cores, "priority": self.priority}


def end(running: subprocess.Popen) -> None:
    running.terminate()
    try:
        running.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
