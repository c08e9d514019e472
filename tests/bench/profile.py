#!/usr/bin/env python3
"""./dev bench profile: where the daemon's CPU time goes, by perf, while it drains the topic of the e2e benchmark.

The samples (of the processor's clock: virtual machines often have no other counter) are told apart by the code that
ran: parts of firstseen by namespace, libraries by file, librdkafka also by whose thread it was. A library without
symbols is one part. With --before PROGRAM another build is profiled in the same run: before and after."""

import os
import re
import signal
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
from arena import Arena, say
from contestants import Firstseen
from dataset import DataSet
from exactness import Expected
from harness import process
from harness.poll import wait_until
from load import cpu_s
from measure import Task, drained

_HERTZ = 997  # a prime: no rhythm of the program's own
_LARGEST = 3
_VERSIONS = ("librdkafka", "Kafka", "Java")
_SAMPLE = re.compile(r"^\s*(?P<thread>\S+)\s+[0-9a-f]+ (?P<symbol>.*) \((?P<file>[^()]*|\[[^]]*\])\)$")

# What ran -> what it is. The first that fits "THREAD FILE SYMBOL".
_PARTS = {
    "kernel, new memory": r"\S+ \[kernel\S* (clear_page|.*(page_fault|alloc_pages|folio_add|vma_alloc))",
    "kernel, the rest: sockets above all": r"\S+ \[kernel",
    "librdkafka, its own threads": r"rdk:\S+ \S*librdkafka",
    "librdkafka, called by firstseen": r"\S+ \S*librdkafka",
    "compression": r"\S+ \S*lib(lz4|zstd|snappy|z)\.",
    "digest (libcrypto)": r"\S+ \S*libcrypto",
    "malloc and free": r"\S+ \S*libc\S* \S*(malloc|free|calloc|realloc|arena|unlink_chunk|sysmalloc)",
    "copying and comparing (libc)": r"\S+ \S*libc\S* \S*(mem(cpy|move|set|cmp|chr)|str)",
    "locks and waiting (libc)": r"\S+ \S*libc\S* \S*(pthread|mutex|cond|lll|futex|clock|poll|syscall)",
    "JSON (simdjson)": r"\S+ \S+ .*simdjson",
    "store": r"\S+ \S+ .*firstseen::store",
    "keys": r"\S+ \S+ .*firstseen::key",
    "loop": r"\S+ \S+ .*firstseen::dedup",
    "Kafka client's wrapper": r"\S+ \S+ .*firstseen::kafka",
}
_MEANING = {
    "kernel, the rest: sockets above all": "every byte is received and sent once",
    "librdkafka, its own threads": "parses fetched record sets, builds and checks those to be produced (CRC-32C)",
    "librdkafka, called by firstseen": "an operation per message handed over from and to its queues",
    "kernel, new memory": "pages of the index, the log and librdkafka's buffers, cleared on first use",
    "locks and waiting (libc)": "librdkafka's queues and wake-ups between its threads and firstseen's two",
    "malloc and free": "librdkafka allocates per message; firstseen does not in steady state",
    "copying and comparing (libc)": "payloads into the client's produce requests",
    "JSON (simdjson)": "the payload is validated once and walked along the key's pointer",
    "digest (libcrypto)": "SHA-256 of the key",
    "store": "the index's lines fetched from memory, records written",
    "keys": "the canonical encoding and what calls parser and digest",
}


def part_of(thread: str, file: str, symbol: str) -> str:
    sample = f"{thread} {file} {symbol}"
    return next((part for part, pattern in _PARTS.items() if re.match(pattern, sample)), "other")


def parts_of(samples: str) -> Counter:
    """Of what `perf script -F comm,ip,sym,dso` prints: samples by part."""
    found = (_SAMPLE.match(line) for line in samples.splitlines())
    return Counter(part_of(each["thread"], each["file"], each["symbol"]) for each in found if each)


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
    notes = [f"{row['what_runs']}: {_MEANING.get(row['what_runs'], '')}" for row in rows[:_LARGEST]]
    result = {
        "benchmark": "profile",
        "title": "where the CPU time goes",
        "settings": data.settings() | {"rounds": chosen.rounds, "samples a second and thread": _HERTZ},
        "rows": rows,
        "ratios": {},
        "notes": [f"the {_LARGEST} largest: " + "; ".join(notes)],
        **facts,
    }
    return options.finish([result], chosen, *_VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
