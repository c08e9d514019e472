#!/usr/bin/env python3
"""./dev bench peers: the daemon beside what people use today, on one broker and one topic, in alternating rounds.

Contestants: the bare loop, firstseen, and a Kafka Streams program of the kind its documentation teaches (Processor API,
persistent window store, exactly_once_v2) with one and two threads. All deduplicate by the record key within a day and
commit every half second; firstseen runs with store.durability process_crash. After the rates, firstseen and Streams are
killed in mid-stream and restarted. Every output is checked.

How Streams was tuned: messages/s of one thread, 600,000 messages (so the JVM is still warming), on a busy machine.
  its defaults, commit.interval.ms 500, lz4                     62,000-66,000
  + caching of the window store                                 32,000-37,000   left off
  + consumer: max.poll.records 10000, fetch sizes 4-100 MB      51,000-59,000   left at the defaults
  + producer: linger.ms 20, batch.size 1 MB                     79,000-84,000   kept
  + RocksDB: one bounded cache and write buffer manager         61,000-73,000   kept: it bounds the memory
  producer's and RocksDB's and the consumer's together          84,000-90,000
  producer's and consumer's, SerialGC instead of G1            90,000-100,000   SerialGC kept
  producer's and consumer's, ParallelGC                         68,000-79,000
  heap 256 MB / 512 MB / 1 GB, producer's, SerialGC      77,000 / 96,000 / 93,000   512 MB kept
The heap of 512 MB is the smallest that costs no speed; Streams is shown with the JVM's own choice, too, which is what
most people run. For the recovery it is shown with the group's defaults (session.timeout.ms 45 s) and with static
membership."""

import argparse
import statistics
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
import streams
from arena import Arena
from contestants import DURABILITY_NOTE, BareLoop, Contestant, Firstseen
from dataset import DataSet
from measure import Measured
from recovery import recover
from rounds import alternate, ratio, row
from streams import Streams

_TUNED = Streams(
    java=("-XX:+UseSerialGC",),
    properties=(
        "producer.linger.ms=20",
        "producer.batch.size=1000000",
        "producer.buffer.memory=134217728",
        "rocksdb.config.setter=firstseen.bench.RocksDbSettings",
    ),
)
_BARE, _OURS = BareLoop(1), Firstseen(key="record_key")
_STREAMS = (_TUNED, replace(_TUNED, threads=2))
_UNBOUNDED = replace(_TUNED, threads=2, java=(), heap_mb=None, label="JVM's default heap and collector")
_STATIC = replace(_TUNED, properties=(*_TUNED.properties, "group.instance.id=bench"), label="static member")
_VERSIONS = ("librdkafka", "Kafka", "Java")


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 3)
    parser.add_argument("--kills", type=int, default=3, help="of each contestant (default 3)")
    options.add_quick(parser, "small data, one round and kill")
    dataset.add_arguments(parser)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.messages, chosen.rounds, chosen.kills = 500_000, 1, 1
    return chosen


def rates(arena: Arena, data: DataSet, rounds: int, warm_up: bool) -> dict:
    runs = alternate(arena, (_BARE, _OURS, *_STREAMS, _UNBOUNDED), data, rounds, warm_up)
    best = max(_STREAMS, key=lambda each: statistics.median(run.messages_per_s for run in runs[each.name])).name
    return {
        "benchmark": "peers",
        "title": "beside Kafka Streams exactly_once_v2",
        "settings": data.settings() | {"rounds": rounds, "Streams' heap, MiB": _TUNED.heap_mb},
        "rows": [row(name, of_one) for name, of_one in runs.items()],
        "ratios": _ratios(runs, best),
        "notes": [
            f"the better of the two is {best}; how Streams was tuned is told in tests/bench/peers.py",
            "memory is the peak of what no file backs, which the kernel cannot take back: Streams' RocksDB reads its "
            "files by system calls, so that what the page cache holds of its store is in no figure here, and firstseen "
            "maps its file; the ratios of resident memory (peak MiB) count that map against firstseen",
            f"{_UNBOUNDED.name}, is what most people run: the heap may be a quarter of the machine's memory; the "
            "others have the smallest heap that costs no speed",
            DURABILITY_NOTE,
        ],
        **arena.facts(),
    }


def _ratios(runs: dict[str, list[Measured]], best: str) -> dict:
    return {
        "messages/s, firstseen / better Streams (at least 6)": ratio(runs, _OURS.name, best),
        "second half, firstseen / better Streams": ratio(runs, _OURS.name, best, "second_half_per_s"),
        "CPU, firstseen / better Streams (at most 0.125)": ratio(runs, _OURS.name, best, "cpu_us"),
        "memory, firstseen / better Streams (at most 0.2)": ratio(runs, _OURS.name, best, "anonymous_bytes"),
        "memory, firstseen / Streams with the JVM's defaults": ratio(
            runs, _OURS.name, _UNBOUNDED.name, "anonymous_bytes"
        ),
        "resident memory, firstseen's mapped store and all, / better Streams (at most 0.2)": ratio(
            runs, _OURS.name, best, "peak_bytes"
        ),
        "resident memory, the same, / Streams with the JVM's defaults": ratio(
            runs, _OURS.name, _UNBOUNDED.name, "peak_bytes"
        ),
        "messages/s, firstseen / bare loop": ratio(runs, _OURS.name, _BARE.name),
    }


def recovery(arena: Arena, data: DataSet, kills: int, quick: bool) -> dict:
    topic, expected = arena.filled(data)
    contestants: tuple[Contestant, ...] = (_OURS, _STATIC) if quick else (_OURS, _STATIC, _TUNED)
    back_s: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for _ in range(kills):
        for contestant in contestants:
            back_s[contestant.name].append(recover(arena, contestant, topic, data, expected))
    arena.admin.delete_topic(topic)
    rows = [
        {"contestant": name, "back_after_s": statistics.median(all_s), "fastest": min(all_s), "slowest": max(all_s)}
        for name, all_s in back_s.items()
    ]
    return {
        "benchmark": "recovery",
        "title": "from kill -9 in mid-stream to the first new output that a reader sees",
        "settings": data.settings() | {"kills": kills},
        "rows": rows,
        "ratios": {"firstseen is back after, s (at most 1)": rows[0]["back_after_s"]},
        "notes": [DURABILITY_NOTE],
        **arena.facts(),
    }


def main() -> int:
    chosen = arguments()
    data = dataset.chosen(chosen, keyed=True)
    streams.build()
    with Arena() as arena:
        results = [rates(arena, data, chosen.rounds, warm_up=not chosen.quick)]
        arena.other_cores = 0.0
        results.append(recovery(arena, data, chosen.kills, chosen.quick))
    return options.finish(results, chosen, *_VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
