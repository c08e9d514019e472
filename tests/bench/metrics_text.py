"""What must hold of every scrape of /metrics, from nothing but the text that Prometheus would get."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator

Samples = dict[str, float]  # by the series as it stands there: firstseen_messages_total{verdict="late"}

CONSUMED = "firstseen_messages_consumed_total"
_VERDICTS = "firstseen_messages_total"
_LE = re.compile(r',le="([^"]*)"|(?<=\{)le="([^"]*)",?')


def verdict(name: str) -> str:
    """The series."""
    return f'{_VERDICTS}{{verdict="{name}"}}'


def read(text: str) -> tuple[Samples, dict[str, str]]:
    """The samples, and the type of each metric."""
    samples: Samples = {}
    types: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            types[name] = kind
        elif line and not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            samples[series] = float(value)
    return samples, types


class Watch:
    """Over the scrapes of one process, in their order."""

    def __init__(self) -> None:
        self._counts: Samples = {}

    def faults(self, text: str) -> list[str]:
        """What is wrong in this scrape, or beside the one before."""
        samples, types = read(text)
        counts = {series: value for series, value in samples.items() if _counts(series, types)}
        found = [*_sums(samples), *_histograms(samples, types), *self._falls(counts)]
        self._counts = counts
        return found

    def _falls(self, counts: Samples) -> Iterator[str]:
        for series, before in self._counts.items():
            now = counts.get(series)
            if now is None:
                yield f"{series} is gone"
            elif not now >= before:
                yield f"{series} fell from {before} to {now}"


def _counts(series: str, types: dict[str, str]) -> bool:
    """Whether it may only rise."""
    name = _name(series)
    histogram = re.sub("_(bucket|count|sum)$", "", name)
    return types.get(name) == "counter" or types.get(histogram) == "histogram"


def _name(series: str) -> str:
    return series.partition("{")[0]


def _sums(samples: Samples) -> Iterator[str]:
    verdicts = [value for series, value in samples.items() if _name(series) == _VERDICTS]
    if CONSUMED not in samples or not verdicts:
        yield f"there is no {CONSUMED} or no {_VERDICTS}"
    elif sum(verdicts) != samples[CONSUMED]:
        yield f"{_VERDICTS} is {sum(verdicts):.0f} in all, {CONSUMED} {samples[CONSUMED]:.0f}"


def _histograms(samples: Samples, types: dict[str, str]) -> Iterator[str]:
    names = {name for name, kind in types.items() if kind == "histogram"}
    buckets: dict[str, list[tuple[float, float]]] = defaultdict(list)  # by the series of the count
    for series, value in samples.items():
        bound = _LE.search(series)
        name = _name(series).removesuffix("_bucket")
        if bound and name in names:
            labels = _LE.sub("", series[len(_name(series)) :])
            count = f"{name}_count" + ("" if labels == "{}" else labels)
            buckets[count].append((float(bound[1] or bound[2]), value))
        elif _name(series).removesuffix("_count") in names:
            buckets[series] += []  # a count without buckets is one that differs
    for count, found in buckets.items():
        found.sort()
        last = found[-1] if found else None
        if last != (float("inf"), samples.get(count)):
            yield f"{count} is {samples.get(count)}, its last bucket {last}"
        if any(later < value for (_, value), (_, later) in itertools.pairwise(found)):
            yield f"the buckets of {count} do not rise"
