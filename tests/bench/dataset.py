"""The benchmarks' input: JSON messages made by seed, some of them copies of earlier ones. fill_topic.cpp makes them."""

import argparse
import json
import subprocess
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from harness.paths import program

REACH = {"near": 100_000, "far": 2**62}  # a copy's original is one of so many before it
OPTIONS = ("messages", "duplicates", "repeats", "value_bytes", "partitions", "seed")
_HOUR_MS = 3_600_000
_TIMEOUT_S = 900


@dataclass(frozen=True)
class DataSet:
    messages: int = 3_000_000
    duplicates: int = 10  # per cent
    repeats: str = "near"
    value_bytes: int = 200
    partitions: int = 4
    keyed: bool = False  # the id is the record key, too, and chooses the partition as Java clients do
    seed: int = 20

    def command(self, brokers: str, topic: str, rate: int = 0) -> list[str]:
        """Fills an empty topic: at once, with timestamps that begin an hour ago, so that no broker's retention takes
        them for old; or so many messages a second, with the times at which they are sent."""
        command = [str(program("fill_topic")), brokers, topic]
        command += [
            f"--messages={self.messages}",
            f"--partitions={self.partitions}",
            f"--value-bytes={self.value_bytes}",
            f"--duplicates={self.duplicates}",
            f"--reach={REACH[self.repeats]}",
            f"--seed={self.seed}",
            f"--first-timestamp-ms={int(time.time() * 1000) - (0 if rate else _HOUR_MS)}",
            f"--rate={rate}",
        ]
        if self.keyed:
            command.append("--keyed")
        return command

    def fill(self, brokers: str, topic: str) -> None:
        """Into an empty topic, as fast as it goes."""
        command = self.command(brokers, topic)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
        if done.returncode != 0:
            raise RuntimeError(f"filling {topic} failed: {done.stderr}")
        if json.loads(done.stdout)["messages"] != self.messages:
            raise RuntimeError(f"fill_topic says {done.stdout}")

    def settings(self) -> dict:
        """For the results."""
        return {name: value for name, value in asdict(self).items() if name != "keyed"}

    def __str__(self) -> str:
        return (
            f"{self.messages:,} messages of {self.value_bytes} bytes in {self.partitions} partitions, "
            f"{self.duplicates} % {self.repeats} duplicates"
        )


def add_arguments(parser: argparse.ArgumentParser, names: Iterable[str] = OPTIONS, **defaults: object) -> None:
    """Options for these fields of a DataSet."""
    for name in names:
        default = defaults.get(name, getattr(DataSet, name))
        choices = sorted(REACH) if name == "repeats" else None
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            default=default,
            choices=choices,
            help=f"default {default}",
        )


def chosen(options: argparse.Namespace, **fixed: object) -> DataSet:
    named = {name: value for name, value in vars(options).items() if name in DataSet.__dataclass_fields__}
    return DataSet(**{**named, **fixed})
