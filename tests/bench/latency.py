#!/usr/bin/env python3
"""./dev bench latency: from a message's append until a read_committed consumer of the output has it.

A producer sends 20,000 messages a second, a tenth of them duplicates; the bare loop (one thread) and the daemon take
turns at carrying them, at each commit interval, in every second round the other way round. The daemon runs with
store.durability process_crash. Percentiles are medians over the rounds."""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import options
from arena import Arena, say
from contestants import DURABILITY_NOTE, BareLoop, Contestant, Firstseen
from harness import process
from harness.paths import program
from load import OtherLoad, cpu_s, prefer
from rounds import in_turn

_PARTITIONS = 4
_CONTESTANTS = (BareLoop(1), Firstseen())
_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
_SLACK_S = 150.0
_CHECKED = (
    "checked in every output until its last original had come: none missing, no copy that firstseen let through, every "
    "value byte for byte, the order within each partition"
)


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 7)
    parser.add_argument("--rate", type=int, default=20_000, help="messages a second (default 20000)")
    parser.add_argument("--seconds", type=int, default=20, help="measured in each run (default 20)")
    parser.add_argument("--warm-up", type=int, default=8, help="seconds before them (default 8)")
    parser.add_argument("--intervals", type=int, nargs="+", default=[10, 100], help="commit intervals in ms (10 100)")
    options.add_quick(parser, "a low rate and one round")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rate, chosen.seconds, chosen.warm_up, chosen.rounds = 2_000, 2, 3, 1
    return chosen


def run(arena: Arena, contestant: Contestant, interval_ms: int, chosen: argparse.Namespace) -> dict:
    """What the probe measured with this contestant between new topics."""
    topic = arena.admin.create_topic(f"in.{contestant.name.replace(' ', '-')}", _PARTITIONS)
    job = arena.job(contestant, topic, _PARTITIONS, interval_ms)
    with arena.running(contestant, job) as started:
        watch = OtherLoad((started.pid, arena.broker.pid))
        measured = probe(arena, topic, job.name, chosen)
        arena.see(watch.cores())
        measured["cpu_us"] = cpu_s(started.pid) / measured["sent"] * 1e6
    copies_right = contestant.deduplicates is (measured["copies"] == 0)
    intact = not any(measured[fault] for fault in ("missing", "changed", "out_of_order"))
    arena.exact = arena.exact and intact and copies_right
    arena.admin.delete_topic(topic)
    arena.discard(job)
    return measured


def probe(arena: Arena, topic: str, output: str, chosen: argparse.Namespace) -> dict:
    log = arena.directory / "probe.log"
    log.unlink(missing_ok=True)
    command = [str(program("latency_probe")), arena.broker.plaintext, topic, output, f"--partitions={_PARTITIONS}"]
    command += [f"--rate={chosen.rate}", f"--warm-up-s={chosen.warm_up}", f"--seconds={chosen.seconds}"]
    started = process.start(command, log)
    prefer(started.pid)
    try:
        status = started.wait(chosen.warm_up + chosen.seconds + _SLACK_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
        raise
    if status != 0:
        raise RuntimeError(f"the probe left with status {status}: {log.read_text()}")
    return json.loads(log.read_text().splitlines()[-1])


def row(contestant: Contestant, interval_ms: int, runs: list[dict]) -> dict:
    medians = {name: statistics.median(each[name] for each in runs) for name in _PERCENTILES}
    return {
        "contestant": contestant.name,
        "commit_interval_ms": interval_ms,
        **medians,
        "fastest_p50_ms": min(each["p50_ms"] for each in runs),
        "slowest_p50_ms": max(each["p50_ms"] for each in runs),
        "CPU_us/message": statistics.median(each["cpu_us"] for each in runs),
    }


def compare(arena: Arena, chosen: argparse.Namespace) -> dict:
    rows, ratios = [], {}
    for interval_ms in chosen.intervals:
        runs: dict[str, list[dict]] = {contestant.name: [] for contestant in _CONTESTANTS}
        for number in range(1, chosen.rounds + 1):
            for contestant in in_turn(_CONTESTANTS, number):
                measured = run(arena, contestant, interval_ms, chosen)
                runs[contestant.name].append(measured)
                say(
                    f"{contestant.name:<10} {interval_ms} ms, round {number} of {chosen.rounds}: {json.dumps(measured)}"
                )
        both = [row(contestant, interval_ms, runs[contestant.name]) for contestant in _CONTESTANTS]
        rows += both
        ratios[f"p50 at {interval_ms} ms, firstseen / bare loop (at most 1.3)"] = both[1]["p50_ms"] / both[0]["p50_ms"]
    return {
        "benchmark": "latency",
        "title": f"append to read_committed visibility at {chosen.rate:,} messages/s",
        "settings": {"rounds": chosen.rounds, "seconds": chosen.seconds, "partitions": _PARTITIONS, "duplicates": 10},
        "rows": rows,
        "ratios": ratios,
        "notes": [DURABILITY_NOTE],
        "checked": _CHECKED,
        **arena.facts(),
    }


def main() -> int:
    chosen = arguments()
    with Arena() as arena:
        result = compare(arena, chosen)
    return options.finish([result], chosen, "librdkafka", "Kafka", "Java")


if __name__ == "__main__":
    sys.exit(main())
