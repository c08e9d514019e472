#!/usr/bin/env python3
"""./dev bench profile: where the daemon's CPU time goes, by perf, while it drains the topic of the e2e benchmark.

The samples (of the processor's clock: virtual machines often have no other counter) are told apart by the code that
ran: parts of firstseen by namespace, libraries by file, librdkafka also by whose thread it was. A library without
symbols is one part. With --before PROGRAM another build is profiled in the same run: before and after.

The slot got its two overlapping stages in fc45c3d; its parent is the last commit without them:
  git worktree add ../before c0933e4 && (cd ../before && ./dev build)
  ./dev bench profile --before ../before/build/release/firstseen"""

import os
import signal
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import machine
import options
from arena import Arena, say
from contestants import Firstseen
from dataset import DataSet
from exactness import Expected
from harness import process
from harness.poll import wait_until
from load import cpu_s
from measure import Task, drained
from profile_parts import MEANING, parts_of

_HERTZ = 997  # a prime: no rhythm of the program's own
_LARGEST = 3
_VERSIONS = ("librdkafka", "Kafka", "Java")


class Perf:
    """`perf record` of a process, in which every thread that it starts has its name."""

    def __init__(self, pid: int, trace: Path) -> None:
        self._log = trace.with_suffix(".log")
        fifos = [trace.with_suffix(f".{name}") for name in ("control", "answers")]
        for fifo in fifos:
            os.mkfifo(fifo)
        self._control, self._answers = (os.open(fifo, os.O_RDWR | os.O_NONBLOCK) for fifo in fifos)
        command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(_HERTZ), "-o", str(trace), "-p", str(pid)]
        by_fifos = ["-D", "-1", "--control", f"fifo:{fifos[0]},{fifos[1]}"]
        self._process = process.start([*command, *by_fifos], self._log)

    def count(self) -> None:
        """Returns when it counts: before that it does not hear what new threads are called."""
        os.write(self._control, b"enable\n")
        wait_until(lambda: self._ended() or self._answer(), "perf counts", 60.0, every_s=0.01)
        if self._ended():
            raise RuntimeError(f"perf ended with {self._process.returncode}: {self._log.read_text()}")

    def finish(self) -> None:
        wait_until(self._ended, "perf has written what it saw", 60.0)
        os.close(self._control)
        os.close(self._answers)

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def _answer(self) -> bytes:
        try:
            return os.read(self._answers, 16)
        except BlockingIOError:
            return b""


def profiled(arena: Arena, program: Firstseen, topic: str, data: DataSet, expected: Expected) -> tuple[float, Counter]:
    """Microseconds of CPU per message, and samples by part."""
    job = arena.job(program, topic, data.partitions)
    trace = job.directory / "perf.data"
    with arena.running(program, job) as started:
        os.kill(started.pid, signal.SIGSTOP)
        perf = Perf(started.pid, trace)
        perf.count()
        os.kill(started.pid, signal.SIGCONT)
        task = Task(job.name, topic, job.name, data.messages)
        wait_until(lambda: drained(arena.admin, task), f"{job.name} has drained {topic}", task.timeout_s)
        cpu_us = cpu_s(started.pid) / data.messages * 1e6
    perf.finish()
    command = ["perf", "script", "-i", str(trace), "-F", "comm,ip,sym,dso"]
    samples = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    parts = parts_of(samples)
    if not parts:
        raise RuntimeError(f"perf saw nothing: {trace.with_suffix('.log').read_text()}")
    say(f"{program.name}: {cpu_us:.2f} us CPU, {parts.total():,} samples, {arena.check(program, job, expected)}")
    arena.discard(job)
    return cpu_us, parts


def table(runs: dict[str, list[tuple[float, Counter]]]) -> list[dict]:
    """A row per part, the largest of the last program first; microseconds per message."""
    cost = {}
    for name, of_one in runs.items():
        cpu_us = statistics.median(cpu_us for cpu_us, _ in of_one)
        samples = sum((parts for _, parts in of_one), Counter())
        cost[name] = {part: cpu_us * count / samples.total() for part, count in samples.items()}
    last = cost[list(cost)[-1]]
    parts = sorted({part for each in cost.values() for part in each}, key=lambda part: -last.get(part, 0.0))
    rows = []
    for part in parts:
        costs = {f"{name},_us/message": each.get(part, 0.0) for name, each in cost.items()}
        rows.append({"what_runs": part, **costs, "share": last.get(part, 0.0) / sum(last.values())})
    return [*rows, {"what_runs": "all", **{f"{name},_us/message": sum(each.values()) for name, each in cost.items()}}]


def _tree_of(program: Path) -> Path:
    """The source tree that it was built in, if any: the nearest folder above that git knows."""
    folders = program.resolve().parents
    return next((folder for folder in folders if (folder / ".git").exists()), folders[0])


def main() -> int:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 3)
    parser.add_argument("--before", type=Path, help="another build of firstseen, to be profiled as well")
    options.add_quick(parser, "small data and one round")
    dataset.add_arguments(parser)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.messages, chosen.rounds = 1_000_000, 1
    data = dataset.chosen(chosen)
    programs = [Firstseen(name="before", path=str(chosen.before), http=None)] if chosen.before else []
    programs.append(Firstseen())
    runs: dict[str, list] = {program.name: [] for program in programs}
    with Arena() as arena:
        topic, expected = arena.filled(data)
        for number in range(0 if not chosen.quick else 1, chosen.rounds + 1):
            for program in programs:
                seen = profiled(arena, program, topic, data, expected)
                if number:  # the first warms the broker's JVM
                    runs[program.name].append(seen)
        facts = arena.facts()
    rows = table(runs)
    largest = [row["what_runs"] for row in rows[:-1][:_LARGEST]]  # the last row is their sum
    notes = [f"the {len(largest)} largest: " + "; ".join(f"{part}: {MEANING[part]}" for part in largest)]
    if chosen.before:
        notes.append(f"before: firstseen {machine.commit(_tree_of(chosen.before))}")
    result = {
        "benchmark": "profile",
        "title": "where the CPU time goes",
        "settings": data.settings() | {"rounds": chosen.rounds, "samples a second and thread": _HERTZ},
        "rows": rows,
        "ratios": {},
        "notes": notes,
        **facts,
    }
    return options.finish([result], chosen, *_VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
