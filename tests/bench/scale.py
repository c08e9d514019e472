#!/usr/bin/env python3
"""./dev bench scale: several processes in one group, and what an idle partition costs.

First 1, 2 and 4 processes share 16 partitions as static members: the sum of their rates; then each is killed in turn in
mid-stream and restarted. All outputs are checked. On a machine with few cores the sum cannot rise: the broker and the
processes share them. Then one process gets more and more idle partitions. The durability is process_crash."""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
from arena import Arena
from contestants import DURABILITY_NOTE
from crew import Crew
from dataset import DataSet
from idle import idle
from measure import Measured
from rounds import row

_VERSIONS = ("librdkafka", "Kafka", "Java")


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 3)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4], help="default 1 2 4")
    parser.add_argument("--idle-topics", type=int, default=200, help="input topics of one idle process (default 200)")
    parser.add_argument("--idle-partitions", type=int, default=16, help="of each of them (default 16)")
    parser.add_argument("--idle-seconds", type=float, default=20, help="watched for each case (default 20)")
    options.add_quick(parser, "small data and one round")
    dataset.add_arguments(parser, partitions=16)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.messages, chosen.rounds, chosen.processes = 200_000, 1, [1, 2]
        chosen.idle_topics, chosen.idle_partitions, chosen.idle_seconds = 10, 4, 2
    return chosen


def scale(arena: Arena, data: DataSet, processes: list[int], rounds: int) -> dict:
    runs: dict[int, list[Measured]] = {count: [] for count in processes}
    for number in range(1, rounds + 1):
        for count in processes:
            runs[count].append(Crew(arena, count, data).drain(f"round {number} of {rounds}"))
    kills = {count: Crew(arena, count, data).survive_kills() for count in processes}
    rows = [
        {"processes": count} | _without_name(row("", runs[count])) | {"kills_in_turn": kills[count]}
        for count in processes
    ]
    base = statistics.median(run.messages_per_s for run in runs[processes[0]])
    return {
        "benchmark": "scale",
        "title": f"processes in one group on {data.partitions} partitions",
        "settings": data.settings() | {"rounds": rounds},
        "rows": rows,
        "ratios": {
            f"{each['processes']} / {processes[0]} processes": each["messages/s"] / base if base > 0 else None
            for each in rows[1:]
        },
        "notes": [
            "memory and CPU are the sums of all processes; processes and broker share this machine's cores",
            DURABILITY_NOTE,
        ],
        **arena.facts(),
    }


def _without_name(cells: dict) -> dict:
    return {name: value for name, value in cells.items() if name not in ("contestant", "beside_the_index_MiB")}


def main() -> int:
    chosen = arguments()
    with Arena() as arena:
        results = [scale(arena, dataset.chosen(chosen), chosen.processes, chosen.rounds)]
        arena.other_cores, arena.exact = 0.0, True
        results.append(idle(arena, chosen.idle_topics, chosen.idle_partitions, chosen.idle_seconds))
    return options.finish(results, chosen, *_VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
