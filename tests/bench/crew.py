"""Several daemons in one group: static members, each with a store of its own."""

import signal
import subprocess
from dataclasses import replace

from arena import Arena, end, say
from contestants import Firstseen, Job
from dataset import DataSet
from exactness import Expected
from harness import process
from harness.poll import wait_until
from load import OtherLoad, prefer
from measure import Measured, Task, drained, measure

_SESSION = {"session.timeout.ms": "120000"}  # members that are held while the topic fills must stay members
_TIMEOUT_S = 300.0


class Crew:
    """One group on an input topic of its own. A fresh one for each of its two uses."""

    def __init__(self, arena: Arena, count: int, data: DataSet) -> None:
        self._arena, self._data = arena, data
        self._members = [Firstseen(instance=f"m{number}", properties=_SESSION) for number in range(count)]
        self._running: dict[str, subprocess.Popen] = {}
        self._label = f"{count} process{'es' if count > 1 else ''}"

    def drain(self, note: str) -> Measured:
        """The rate of all together, from the moment on when each has its partitions."""
        with self._input() as (job, expected):
            self._release()
            watch = OtherLoad((*self._pids(), self._arena.broker.pid))
            measured = measure(self._arena.admin, list(self._running.values()), self._task(job))
            indexes = sum(member.index_bytes(job) for member in self._members)
            measured = replace(measured, index_bytes=indexes, other_cores=watch.cores())
            self._arena.see(measured.other_cores)
            self._end_all()
            say(
                f"{self._label}: {measured.messages_per_s:,.0f} messages/s, {measured.cpu_us:.2f} us CPU, "
                f"{self._arena.check(self._members[0], job, expected)}; {note}"
            )
        return measured

    def survive_kills(self) -> int:
        """Kills each in turn with SIGKILL while the topic is being carried, restarts it; returns how many."""
        with self._input() as (job, expected):
            self._release()
            for number, member in enumerate(self._members):
                share = (number + 1) / (len(self._members) + 2)
                self._wait_carried(job, share)
                if drained(self._arena.admin, self._task(job)):
                    raise RuntimeError(f"{self._label}: all was carried before the last kill: give more --messages")
                self._running[member.instance].send_signal(signal.SIGKILL)
                self._running[member.instance].wait()
                self._start(member, job)
            wait_until(lambda: drained(self._arena.admin, self._task(job)), "the crew finishes", _TIMEOUT_S, 0.2)
            self._end_all()
            say(f"{self._label}: each killed in turn, {self._arena.check(self._members[0], job, expected)}")
        return len(self._members)

    # ---- the parts of both ----

    def _input(self) -> "_Filled":
        return _Filled(self)

    def prepare(self) -> tuple[Job, Expected]:
        """Starts all on an empty topic until each has its share, holds them, and fills the topic."""
        admin, data = self._arena.admin, self._data
        topic = admin.create_topic(f"in.{self._label.replace(' ', '-')}", data.partitions)
        job = self._arena.job(self._members[0], topic, data.partitions)
        for member in self._members:
            self._start(member, job)
        wait_until(lambda: self._balanced(job), f"{self._label} have shared the partitions", _TIMEOUT_S, 0.2)
        for running in self._running.values():
            running.send_signal(signal.SIGSTOP)
        data.fill(job.brokers, topic)
        return job, Expected(job.brokers, topic)

    def clean_up(self, job: Job) -> None:
        self._end_all()
        self._arena.admin.delete_topic(job.input)
        self._arena.discard(job)

    def _balanced(self, job: Job) -> bool:
        """Every partition is served by one, and by none more than its share."""
        shares = [len(member.status(job).get("partitions", [])) for member in self._members]
        fair = -(-self._data.partitions // len(self._members))
        return sum(shares) == self._data.partitions and max(shares) <= fair

    def _start(self, member: Firstseen, job: Job) -> None:
        log = job.directory / f"{member.instance}.log"
        self._running[member.instance] = started = process.start(member.command(job), log)
        prefer(started.pid)

    def _release(self) -> None:
        for running in self._running.values():
            running.send_signal(signal.SIGCONT)

    def _wait_carried(self, job: Job, share: float) -> None:
        """By the output's growth: offsets are silent while a transaction decides them."""
        wanted = share * self._data.messages * (1 - self._data.duplicates / 100)
        admin = self._arena.admin
        wait_until(
            lambda: sum(admin.end_offsets(job.name).values()) >= wanted, f"{share:.0%} is carried", _TIMEOUT_S, 0.02
        )

    def _task(self, job: Job) -> Task:
        return Task(job.name, job.input, job.name, self._data.messages)

    def _pids(self) -> list[int]:
        return [running.pid for running in self._running.values()]

    def _end_all(self) -> None:
        for running in self._running.values():
            if running.poll() is None:
                running.send_signal(signal.SIGCONT)  # a stopped process does not hear SIGTERM
                end(running)
        self._running.clear()


class _Filled:
    """The crew held before a full topic; everything is removed at last."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def __enter__(self) -> tuple[Job, Expected]:
        self._job, expected = self._crew.prepare()
        return self._job, expected

    def __exit__(self, *_: object) -> None:
        self._crew.clean_up(self._job)
