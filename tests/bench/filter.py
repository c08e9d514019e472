"""'firstseen filter' on short JSON lines in a plain pipe (cat FILE | CONTESTANT | wc -l), beside cat and sort -u.

One line in ten has an id that was there before. Every round runs each contestant once, in turn; the table shows the
median and the extremes of the rounds. CPU time is that of the contestant alone: its goal is for one core, which cat
and wc must not share with it."""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import options
from harness.paths import program
from load import OtherLoad

_REPEATED = 0.1
_WITH_KEY = "filter --key payload:/id"


@dataclass(frozen=True)
class Run:
    lines: int  # that came out
    cpu_s: float
    wall_s: float


def make_input(file: Path, lines: int, seed: int) -> int:
    """How many of the lines are first seen."""
    chance = random.Random(seed)
    seen = 0
    with file.open("w") as out:
        for _ in range(lines):
            if seen and chance.random() < _REPEATED:
                ident = chance.randrange(seen)
            else:
                ident, seen = seen, seen + 1
            out.write(f'{{"id":{ident},"v":"abcdefgh"}}\n')
    return seen


def run(command: list[str], source: Path) -> Run:
    environment = {**os.environ, "LC_ALL": "C"}
    began_s = time.monotonic()
    with (
        subprocess.Popen(["cat", str(source)], stdout=subprocess.PIPE) as feeder,
        subprocess.Popen(command, stdin=feeder.stdout, stdout=subprocess.PIPE, env=environment) as contestant,
        subprocess.Popen(["wc", "-l"], stdin=contestant.stdout, stdout=subprocess.PIPE) as counter,
    ):
        feeder.stdout.close()  # theirs alone, so that whoever ends is noticed
        contestant.stdout.close()
        lines = int(counter.communicate()[0])
        _, status, used = os.wait4(contestant.pid, 0)
        contestant.returncode = os.waitstatus_to_exitcode(status)
    if contestant.returncode != 0:
        raise subprocess.CalledProcessError(contestant.returncode, command)
    return Run(lines, used.ru_utime + used.ru_stime, time.monotonic() - began_s)


def row(name: str, runs: list[Run], lines: int) -> dict:
    rates = [lines / each.cpu_s for each in runs]
    return {
        "contestant": name,
        "lines/CPU_s": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "lines/s": lines / statistics.median(each.wall_s for each in runs),
    }


def measure(lines: int, rounds: int, seed: int) -> dict:
    filtered = [str(program("firstseen")), "filter"]
    contestants = {
        "cat": ["cat"],
        "sort -u": ["sort", "-u"],
        "filter": filtered,
        _WITH_KEY: [*filtered, "--key", "payload:/id"],
    }
    runs: dict[str, list[Run]] = {name: [] for name in contestants}
    with tempfile.TemporaryDirectory(prefix="firstseen-bench-") as folder:
        source = Path(folder) / "in.jsonl"
        first_seen = make_input(source, lines, seed)
        load = OtherLoad([])
        for _ in range(rounds):
            for name, command in contestants.items():
                runs[name].append(run(command, source))
        other_cores = load.cores()
    expected = {name: lines if name == "cat" else first_seen for name in contestants}
    wrong = [
        f"{name}: {each.lines} lines instead of {expected[name]}"
        for name in contestants
        for each in runs[name]
        if each.lines != expected[name]
    ]
    for line in wrong:
        print(f"WRONG {line}", file=sys.stderr)
    rows = [row(name, runs[name], lines) for name in contestants]
    rate = {each["contestant"]: each["lines/CPU_s"] for each in rows}
    return {
        "benchmark": "filter",
        "title": "short JSON lines in a plain pipe",
        "settings": {"lines": lines, "first_seen": first_seen, "rounds": rounds, "seed": seed},
        "rows": rows,
        "ratios": {
            f"{_WITH_KEY}, million lines/CPU s (at least 1)": rate[_WITH_KEY] / 1e6,
            "filter / sort -u": rate["filter"] / rate["sort -u"],
            f"{_WITH_KEY} / sort -u": rate[_WITH_KEY] / rate["sort -u"],
        },
        "exact": not wrong,
        "other_cores": other_cores,
    }


def main() -> int:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 5)
    parser.add_argument("--lines", type=int, default=3_000_000, help="of the input (default 3 million)")
    parser.add_argument("--seed", type=int, default=1, help="of the input (default 1)")
    chosen = parser.parse_args()
    return options.finish([measure(chosen.lines, chosen.rounds, chosen.seed)], chosen)


if __name__ == "__main__":
    sys.exit(main())
