"""Alternating rounds, and what is said of several runs of one contestant."""

import statistics
from collections.abc import Sequence

from arena import Arena
from contestants import Contestant
from dataset import DataSet
from measure import Measured

_MIB = 2**20


def in_turn(contestants: Sequence[Contestant], number: int) -> Sequence[Contestant]:
    """The order in this round: every second one is the other way round, so that nobody always has the warmer start."""
    return contestants if number % 2 else contestants[::-1]


def alternate(arena: Arena, contestants: Sequence[Contestant], data: DataSet, rounds: int, warm_up: bool) -> dict:
    """Runs every contestant once a round over one topic; contestant's name -> its runs. A warm-up round, for the
    broker's JVM, does not count."""
    topic, expected = arena.filled(data)
    runs: dict[str, list[Measured]] = {contestant.name: [] for contestant in contestants}
    for number in range(0 if warm_up else 1, rounds + 1):
        for contestant in in_turn(contestants, number):
            note = "; warm-up" if number == 0 else f"; round {number} of {rounds}"
            measured = arena.drain(contestant, topic, data, expected, note)
            if number > 0:
                runs[contestant.name].append(measured)
    arena.admin.delete_topic(topic)
    return runs


def row(name: str, runs: list[Measured]) -> dict:
    """Medians, and the slowest and fastest run."""
    rates = [run.messages_per_s for run in runs]
    return {
        "contestant": name,
        "messages/s": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "second_half": statistics.median(run.second_half_per_s for run in runs),
        "CPU_us/message": statistics.median(run.cpu_us for run in runs),
        "peak_MiB": max(run.peak_bytes for run in runs) / _MIB,
        "anonymous_MiB": max(run.anonymous_bytes for run in runs) / _MIB,
        "beside_the_index_MiB": max(run.peak_bytes - run.index_bytes for run in runs) / _MIB,
    }


def ratio(runs: dict, name: str, to: str, field: str = "messages_per_s") -> float | None:
    """Of the medians; None if nothing could be measured."""
    base = _median(runs[to], field)
    return _median(runs[name], field) / base if base > 0 else None


def _median(runs: list[Measured], field: str) -> float:
    return statistics.median(getattr(run, field) for run in runs)
