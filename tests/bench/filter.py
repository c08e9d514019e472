#!/usr/bin/env python3
"""./dev bench filter: 'firstseen filter' on short JSON lines beside cat and sort -u, alternately. CPU seconds count,
since the machine may be shared. Exit status 1 when the output is wrong."""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRSTSEEN = ROOT / os.environ.get("FIRSTSEEN", "build/release/firstseen")


def make_input(file: Path, lines: int, seed: int) -> int:
    """Lines with 10 % repeated ids; how many are first seen."""
    chance = random.Random(seed)
    seen = 0
    with file.open("w") as out:
        for _ in range(lines):
            if seen and chance.random() < 0.1:
                ident = chance.randrange(seen)
            else:
                ident, seen = seen, seen + 1
            out.write(f'{{"id":{ident},"v":"abcdefgh"}}\n')
    return seen


def measure(command: list[str], output: Path) -> tuple[float, float]:
    """CPU and wall seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with output.open("wb") as out:
        subprocess.run(command, stdout=out, check=True, env={**os.environ, "LC_ALL": "C"})
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="firstseen-bench-") as folder:
        source, output = Path(folder) / "in.jsonl", Path(folder) / "out"
        expected = make_input(source, options.lines, options.seed)
        filtered = [str(FIRSTSEEN), "filter", str(source)]
        contestants = {
            "cat": ["cat", str(source)],
            "sort -u": ["sort", "-u", str(source)],
            "filter": filtered,
            "filter --key payload:/id": [*filtered, "--key", "payload:/id"],
        }
        cpu: dict[str, list[float]] = {name: [] for name in contestants}
        wall: dict[str, list[float]] = {name: [] for name in contestants}
        wrong = []
        for _ in range(options.rounds):
            for name, command in contestants.items():
                used, took = measure(command, output)
                cpu[name].append(used)
                wall[name].append(took)
                with output.open("rb") as out:
                    found = sum(1 for _ in out)
                if name != "cat" and found != expected:
                    wrong.append(f"{name}: {found} lines instead of {expected}")
    rates = {
        name: {
            "lines_per_cpu_second": round(options.lines / statistics.median(cpu[name])),
            "lines_per_second": round(options.lines / statistics.median(wall[name])),
        }
        for name in contestants
    }
    if options.json:
        print(json.dumps({"lines": options.lines, "rates": rates, "wrong": wrong}, indent=2))
    else:
        print(f"{options.lines:,} lines, {expected:,} first seen, median of {options.rounds}")
        print(f"{'':<26}{'lines/CPU second':>18}{'lines/second':>16}")
        for name, rate in rates.items():
            print(f"{name:<26}{rate['lines_per_cpu_second']:>18,}{rate['lines_per_second']:>16,}")
    for line in wrong:
        print(f"WRONG {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
