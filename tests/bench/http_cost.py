#!/usr/bin/env python3
"""./dev bench http: what clients of its HTTP server cost the stream.

Pairs of runs over one topic, without and with clients of /metrics and /status: many connections, each of which asks
once in so many seconds and is opened again at once, and slow ones besides, which send a byte a second until they are
cut off. The ratio is the median over the pairs, of which every other one begins with the clients. Broker, daemon and
clients share this machine, so what the clients use themselves counts against firstseen, too. The exit status is 1 if
the ratio is below 0.95; --quick, whose runs are too short for a verdict, looks at exactness alone."""

import argparse
import json
import statistics
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
from arena import Arena, end
from contestants import DURABILITY_NOTE, Firstseen
from dataset import DataSet
from harness import process
from harness.poll import wait_until
from measure import Measured
from rounds import row

_PROGRAM = Path(__file__).with_name("http_clients.py")
_GOAL = 0.95
_RATIO = f"with clients / without, median of the pairs (at least {_GOAL:g})"


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs that count (default 5)")
    parser.add_argument("--connections", type=int, default=200, help="default 200")
    parser.add_argument("--slow", type=int, default=40, help="slow clients besides (default 40)")
    parser.add_argument("--pace", type=float, default=1.0, help="seconds from request to request of one (default 1)")
    options.add_quick(parser, "small data and one pair")
    dataset.add_arguments(parser, messages=12_000_000)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.messages, chosen.rounds = 200_000, 1
        chosen.connections, chosen.slow, chosen.pace = 20, 4, 0.1
    return chosen


class Clients:
    """The load as a process, from entering to leaving; then `told` is what it says of itself."""

    def __init__(self, arena: Arena, address: str, chosen: argparse.Namespace) -> None:
        self._log = arena.directory / "clients.log"
        self._command = [sys.executable, str(_PROGRAM), address, f"--connections={chosen.connections}"]
        self._command += [f"--slow={chosen.slow}", f"--pace={chosen.pace}"]
        self.told: dict = {}

    def __enter__(self) -> list[int]:
        self._log.unlink(missing_ok=True)
        self._process = process.start(self._command, self._log)
        wait_until(lambda: self._log.stat().st_size > 0, "the clients are there to be ended", every_s=0.01)
        return [self._process.pid]

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        end(self._process)
        if kind is not None:
            return
        if self._process.returncode != 0:
            raise RuntimeError(f"the clients left with status {self._process.returncode}: {self._log.read_text()}")
        self.told = json.loads(self._log.read_text().splitlines()[-1])


class Pairs:
    """The runs of both kinds, in the order of the pairs, and what the clients got."""

    def __init__(self, arena: Arena, chosen: argparse.Namespace) -> None:
        self._arena, self._chosen = arena, chosen
        self.alone: list[Measured] = []
        self.loaded: list[Measured] = []
        self.told: list[dict] = []

    def run(self, data: DataSet) -> "Pairs":
        topic, expected = self._arena.filled(data)
        rounds = self._chosen.rounds
        for number in range(1 if self._chosen.quick else 0, rounds + 1):
            note = f"; pair {number} of {rounds}" if number > 0 else "; warm-up"
            for with_clients in (False, True) if number % 2 else (True, False):
                (port,) = process.free_ports(1)
                contestant = Firstseen(http=f"127.0.0.1:{port}")
                if with_clients:
                    contestant = replace(contestant, name=self.loaded_name)
                clients = Clients(self._arena, contestant.http, self._chosen) if with_clients else None
                measured = self._arena.drain(contestant, topic, data, expected, note, clients)
                if number > 0:
                    (self.loaded if with_clients else self.alone).append(measured)
                    self.told += [clients.told] if clients else []
        self._arena.admin.delete_topic(topic)
        return self

    @property
    def loaded_name(self) -> str:
        return f"firstseen, {self._chosen.connections} connections"

    def ratios(self) -> list[float]:
        """Of the rates with and without clients, by pair; none for a pair that was too quick to be measured."""
        rates = [(one.messages_per_s, other.messages_per_s) for one, other in zip(self.loaded, self.alone, strict=True)]
        return [loaded / alone for loaded, alone in rates if alone > 0]

    def requests_per_s(self) -> float:
        return statistics.median(sum(told["answers"].values()) / told["seconds"] for told in self.told)

    def notes(self) -> list[str]:
        chosen = self._chosen
        answers = sum((Counter(told["answers"]) for told in self.told), Counter())
        statuses = ", ".join(f"{count:,} with status {status}" for status, count in sorted(answers.items()))
        unanswered, cut_off = (sum(told[name] for told in self.told) for name in ("unanswered", "cut_off"))
        cores = statistics.median(told["cores"] for told in self.told)
        return [
            f"load: {chosen.connections} connections, each with a request every {chosen.pace:g} s for /metrics or "
            f"/status, and {chosen.slow} slow ones besides: {self.requests_per_s():,.0f} requests/s",
            f"answers of all pairs: {statuses}; {unanswered:,} connections were closed without one, and {cut_off:,} "
            "slow ones cut off",
            f"the clients used {cores:.2f} cores, which the stream had to do without as well; the "
            "daemon's CPU per message includes what its HTTP server used",
            "ratio of each pair: " + ", ".join(f"{ratio:.3f}" for ratio in self.ratios()),
        ]


def compare(arena: Arena, data: DataSet, chosen: argparse.Namespace) -> dict:
    pairs = Pairs(arena, chosen).run(data)
    ratios = pairs.ratios()
    load = {"connections": chosen.connections, "slow": chosen.slow, "pace, s": chosen.pace}
    return {
        "benchmark": "http",
        "title": f"the stream under {chosen.connections} HTTP connections and slow clients",
        "settings": data.settings() | {"pairs": chosen.rounds} | load,
        "rows": [
            row("firstseen", pairs.alone) | {"requests/s": 0.0},
            row(pairs.loaded_name, pairs.loaded) | {"requests/s": pairs.requests_per_s()},
        ],
        "ratios": {_RATIO: statistics.median(ratios) if ratios else None},
        "notes": [*pairs.notes(), DURABILITY_NOTE],
        **arena.facts(),
    }


def reaches_goal(ratio: float | None) -> bool:
    """One that could not be measured does not."""
    return ratio is not None and ratio >= _GOAL


def main() -> int:
    chosen = arguments()
    with Arena() as arena:
        result = compare(arena, dataset.chosen(chosen), chosen)
    status = options.finish([result], chosen, "librdkafka", "Kafka", "Java")
    return status if chosen.quick or reaches_goal(result["ratios"][_RATIO]) else 1


if __name__ == "__main__":
    sys.exit(main())
