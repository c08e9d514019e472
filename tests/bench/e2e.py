#!/usr/bin/env python3
"""./dev bench e2e: how fast the daemon is beside bare consume -> transactional produce loops without deduplication.

All read the same topic of the same broker, in alternating rounds; medians, their spread and the ratios are printed.
The loops with a deep prefetch hardly ever meet a full queue and show what the broker and the client library carry when
memory does not matter; the others are bounded as a daemon's would be, and meet one now and then, before which
librdkafka older than 2.2 sleeps for a second. The daemon runs with store.durability process_crash.
With --matrix every axis of the data is varied by itself around the default, with fewer messages."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
from arena import Arena, say
from contestants import DURABILITY_NOTE, BareLoop, Firstseen
from dataset import DataSet
from rounds import alternate, ratio, row

_ONE, _TWO, _OURS = BareLoop(1), BareLoop(2), Firstseen()
_DEEP_ONE, _DEEP = (BareLoop(threads, prefetch_messages=1_000_000) for threads in (1, 2))
_CONTESTANTS = (_ONE, _DEEP_ONE, _TWO, _DEEP, _OURS)
_QUEUE_NOTE = (
    "the loops without a deep prefetch meet a full queue now and then, before which librdkafka older than 2.2 lets the "
    "fetcher sleep for a second: that is why they are slower than those with one; firstseen's queue is smaller than "
    "theirs, and it wakes its fetchers"
)
_NOTES = [DURABILITY_NOTE, _QUEUE_NOTE]
_VERSIONS = ("librdkafka", "Kafka", "Java")
_OURS_TOLD = ("slowest", "fastest", "CPU_us/message", "peak_MiB", "beside_the_index_MiB")  # beside its rate
_MATRIX_MESSAGES = 1_000_000
_MATRIX_BYTES = 1_000_000_000  # of values, at most, in a case of the matrix
_AXES = {
    "duplicates": [0, 2, 10, 50],
    "repeats": ["near", "far"],
    "value_bytes": [100, 200, 1000, 10_000],
    "partitions": [1, 4, 64],
}


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 3)
    parser.add_argument("--matrix", action="store_true", help="vary every axis of the data by itself")
    options.add_quick(parser, "small data and one round")
    dataset.add_arguments(parser)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.messages, chosen.rounds = 30_000, 1
    return chosen


def compare(arena: Arena, data: DataSet, rounds: int, warm_up: bool) -> dict:
    runs = alternate(arena, _CONTESTANTS, data, rounds, warm_up)
    return {
        "benchmark": "e2e",
        "title": "beside a loop that does not deduplicate",
        "settings": data.settings() | {"rounds": rounds},
        "rows": [row(name, of_one) for name, of_one in runs.items()],
        "ratios": {
            "firstseen / bare loop (at least 1.0)": ratio(runs, _OURS.name, _ONE.name),
            "firstseen / bare loop, 2 threads (at least 0.8)": ratio(runs, _OURS.name, _TWO.name),
            f"firstseen / {_DEEP_ONE.name}": ratio(runs, _OURS.name, _DEEP_ONE.name),
            f"firstseen / {_DEEP.name}": ratio(runs, _OURS.name, _DEEP.name),
        },
        "notes": _NOTES,
        **arena.facts(),
    }


def matrix(arena: Arena, base: DataSet, rounds: int, quick: bool) -> dict:
    rows = []
    for number, data in enumerate(cases(base)):
        say(f"case {number + 1}: {data}")
        runs = alternate(arena, _CONTESTANTS, data, rounds, warm_up=number == 0 and not quick)
        rates = {
            f"{contestant.name}, messages/s": row("", runs[contestant.name])["messages/s"]
            for contestant in _CONTESTANTS
        }
        ours = row("", runs[_OURS.name])
        axes = {axis: getattr(data, axis) for axis in _AXES}
        rows.append(
            {**axes, "messages": data.messages, **rates}
            | {
                "firstseen_/_bare_loop": ratio(runs, _OURS.name, _ONE.name),
                "firstseen_/_2_threads": ratio(runs, _OURS.name, _TWO.name),
                "firstseen_/_deep_prefetch": ratio(runs, _OURS.name, _DEEP_ONE.name),
                "firstseen_/_2_threads,_deep_prefetch": ratio(runs, _OURS.name, _DEEP.name),
            }
            | {f"firstseen,_{name}": ours[name] for name in _OURS_TOLD}
        )
    return {
        "benchmark": "matrix",
        "title": "e2e, every axis of the data by itself",
        "settings": {"rounds": rounds, "seed": base.seed},
        "rows": rows,
        "ratios": {},
        "notes": _NOTES,
        **arena.facts(),
    }


def cases(base: DataSet) -> list[DataSet]:
    """The base, then every other value of each axis; large values come in smaller numbers."""
    cases = {base: None} | {replace(base, **{axis: value}): None for axis, values in _AXES.items() for value in values}
    return [replace(data, messages=min(data.messages, _MATRIX_BYTES // data.value_bytes)) for data in cases]


def main() -> int:
    chosen = arguments()
    data = dataset.chosen(chosen)
    with Arena() as arena:
        if chosen.matrix:
            base = replace(data, messages=min(data.messages, _MATRIX_MESSAGES))
            result = matrix(arena, base, chosen.rounds, chosen.quick)
        else:
            result = compare(arena, data, chosen.rounds, warm_up=not chosen.quick)
    return options.finish([result], chosen, *_VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
