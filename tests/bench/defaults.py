#!/usr/bin/env python3
"""./dev bench defaults: what each setting that firstseen gives its Kafka clients is worth.

firstseen as shipped and, one at a time, with one setting changed: each carries one topic, in alternating rounds of 29
runs. The settings are those of lib/kafka/settings.cpp, which get half and double of what stands there or are turned
off, by kafka.properties or the option that owns them, and the number of arenas of glibc's malloc.

How to read it: "as shipped, again" changes nothing. Its ratios are what chance does in this run, since the two begin
and end each round. A variant whose rate is no farther from 1 than that, or whose slowest and fastest run overlap those
of the shipped settings, is neither faster nor slower; then CPU and memory decide. A shipped value is well chosen if
every variant that is faster, or takes less memory, pays for it with the other. Differences of memory are the same in
all three columns: the store's file and the index are the same for all.
Say more rounds, and --only with the names in question, where chance is as large as what is looked for.

What it does not tell:
  linger.ms                 is paid for with latency, too: ./dev bench latency
  output.compression        saves the broker's disk and network, which nobody waits for here
  kafka.prefetch_bytes      takes fetch.max.bytes with it, a quarter of it
  statistics.interval.ms=0  takes figures away from status and metrics
The broker is on the same machine. Other data (--value-bytes, --partitions) may want other values."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
from arena import Arena
from contestants import DURABILITY_NOTE, Firstseen
from dataset import DataSet
from rounds import alternate, ratio, row

SHIPPED, AGAIN = Firstseen(name="as shipped"), Firstseen(name="as shipped, again")
_PROPERTIES = {
    "queued.min.messages": ("5000", "20000"),
    "fetch.message.max.bytes": ("250000", "1000000"),
    "fetch.max.bytes": ("4000000", "8000000", "52428800"),
    "linger.ms": ("0", "80"),
    "batch.num.messages": ("1000",),
    "batch.size": ("250000", "1000000"),
    "queue.buffering.max.messages": ("12500", "50000"),
    "queue.buffering.max.kbytes": ("32768", "131072"),
    "socket.nagle.disable": ("false",),
    "statistics.interval.ms": ("0",),
}
_OPTIONS = {
    "kafka.prefetch_bytes": ("16MiB", "32MiB", "128MiB"),
    "output.compression": ("none", "zstd", "snappy"),
}
_ENVIRONMENT = {"MALLOC_ARENA_MAX": ("1", "4", "16")}
_QUICK = ["kafka.prefetch_bytes=16MiB", "MALLOC_ARENA_MAX=1"]
_VERSIONS = ("librdkafka", "Kafka", "Java")


def variants() -> list[Firstseen]:
    kinds = {"properties": _PROPERTIES, "options": _OPTIONS, "environment": _ENVIRONMENT}
    return [
        Firstseen(name=f"{setting}={value}", **{kind: {setting: value}})
        for kind, settings in kinds.items()
        for setting, values in settings.items()
        for value in values
    ]


def named(names: list[str]) -> list[Firstseen]:
    """The variants of these names, or of these settings."""
    found = [each for each in variants() if not {each.name, each.name.partition("=")[0]}.isdisjoint(names)]
    known = {word for each in found for word in (each.name, each.name.partition("=")[0])}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no variant {unknown[0]}; there are: {', '.join(each.name for each in variants())}")
    return found


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 3)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="settings (linger.ms) or variants (linger.ms=0)")
    options.add_quick(parser, f"small data, one round, {' and '.join(_QUICK)} unless --only says others")
    dataset.add_arguments(parser)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.messages, chosen.rounds = 30_000, 1
        chosen.only = chosen.only or _QUICK
    try:
        chosen.variants = named(chosen.only) if chosen.only else variants()
    except ValueError as error:
        parser.error(f"--only: {error}")
    return chosen


def compare(arena: Arena, changed: list[Firstseen], data: DataSet, rounds: int, warm_up: bool) -> dict:
    runs = alternate(arena, (SHIPPED, *changed, AGAIN), data, rounds, warm_up)

    def beside_shipped(name: str) -> dict:
        return {
            "messages/s_/_shipped": ratio(runs, name, SHIPPED.name),
            "peak_/_shipped": ratio(runs, name, SHIPPED.name, "peak_bytes"),
        }

    rows = [row(name, of_one) | beside_shipped(name) for name, of_one in runs.items()]
    return {
        "benchmark": "defaults",
        "title": "firstseen with one setting of its Kafka clients changed at a time",
        "settings": data.settings() | {"rounds": rounds},
        "rows": [{column: value for column, value in each.items() if column != "second_half"} for each in rows],
        "ratios": {
            "messages/s, as shipped, again / as shipped (chance)": ratio(runs, AGAIN.name, SHIPPED.name),
            "peak memory, as shipped, again / as shipped (chance)": ratio(runs, AGAIN.name, SHIPPED.name, "peak_bytes"),
        },
        "notes": ["how to read it is told in tests/bench/defaults.py", DURABILITY_NOTE],
        **arena.facts(),
    }


def main() -> int:
    chosen = arguments()
    data = dataset.chosen(chosen)
    with Arena() as arena:
        result = compare(arena, chosen.variants, data, chosen.rounds, warm_up=not chosen.quick)
    return options.finish([result], chosen, *_VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
