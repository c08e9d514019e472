#!/usr/bin/env python3
"""./dev bench e2e: how fast the daemon is beside a bare consume -> transactional produce loop without deduplication.

Both read the same topic of the same broker, alternately; medians, their spread and the ratio are printed."""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from harness import process
from harness.admin import Admin
from harness.broker import Broker
from harness.daemon import config
from harness.paths import bare_loop_binary, firstseen_binary
from harness.poll import wait_until
from harness.reader import read_topic
from harness.verifier import Report, Verifier
from measure import Measured, measure

_INPUT = "bench.in"
_UNDISTURBED_CORES = 0.3


class Bench:
    def __init__(self, broker: Broker, directory: Path, messages: int) -> None:
        self._broker, self._directory, self._messages = broker, directory, messages
        self.admin = Admin(broker.plaintext)
        self.admin.create_topic(_INPUT, dataset.PARTITIONS)
        dataset.produce(broker.plaintext, _INPUT, messages)

    def bare_loop(self, output: str) -> list[str]:
        return [str(bare_loop_binary()), self._broker.plaintext, _INPUT, output, output, str(dataset.PARTITIONS)]

    def firstseen(self, output: str) -> list[str]:
        directory = self._directory / output
        directory.mkdir()
        configuration = config(
            directory,
            self._broker.plaintext,
            [_INPUT],
            output,
            output,
            store={"durability": None, "max_size": "4GiB"},
            delivery={"commit_interval": "500ms", "max_batch": 100000},
        )
        file = directory / "firstseen.yaml"
        file.write_text(json.dumps(configuration))
        return [str(firstseen_binary()), "run", "--config", str(file)]

    def run(self, name: str, command: Callable[[str], list[str]]) -> Measured:
        """One run into a new topic `name`, which stays."""
        self.admin.create_topic(name, dataset.PARTITIONS)
        log = self._directory / f"{name}.log"
        running = process.start(command(name), log)
        try:
            return measure(
                self.admin,
                running,
                self._broker.pid,
                group=name,
                input_topic=_INPUT,
                output_topic=name,
                messages=self._messages,
            )
        except Exception:
            print("\n".join(log.read_text(errors="replace").splitlines()[-20:]), file=sys.stderr)
            raise
        finally:
            _end(running)

    def verify(self, output: str) -> Report:
        """Compares the whole output with the whole input."""
        verifier = Verifier()
        for record, ident in dataset.records(_INPUT, self._messages):
            verifier.sent(record, ident, output)
        for record in read_topic(self._broker.plaintext, output):
            verifier.published(record)
        return verifier.report()


def _end(running: subprocess.Popen) -> None:
    running.terminate()
    try:
        running.wait(30)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def count_messages(brokers: str, topic: str) -> int:
    """How many messages a read_committed consumer sees: markers don't count."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "count",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(dataset.PARTITIONS)])
    found, ends = 0, 0
    while ends < dataset.PARTITIONS:
        for message in wait_until(lambda: consumer.consume(20000, 0.2), f"{topic} can be counted", 60, 0):
            if message.error() is None:
                found += 1
            else:
                ends += 1
    consumer.close()
    return found


def summary(runs: list[Measured]) -> dict[str, float]:
    rates = [run.messages_per_s for run in runs]
    return {
        "messages_per_s": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "cpu_us_per_message": statistics.median(run.cpu_us for run in runs),
        "peak_mib": max(run.peak_bytes for run in runs) / 2**20,
        "other_cores": max(run.other_cores for run in runs),
    }


def print_table(results: dict) -> None:
    print(f"\n{'':<10} {'messages/s':>11} {'slowest':>9} {'fastest':>9} {'CPU us/message':>15} {'peak MiB':>9}")
    for name in ("bare loop", "firstseen"):
        row = results[name]
        print(
            f"{name:<10} {row['messages_per_s']:>11,.0f} {row['slowest']:>9,.0f} {row['fastest']:>9,.0f} "
            f"{row['cpu_us_per_message']:>15.2f} {row['peak_mib']:>9.0f}"
        )
    print(f"ratio firstseen / bare loop: {results['ratio']:.2f}")
    if results["other_cores"] > _UNDISTURBED_CORES:
        print(f"disturbed: other programs used up to {results['other_cores']:.1f} cores meanwhile")
    print(f"output: {results['verified']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contestant that count (default 3)")
    parser.add_argument("--json", action="store_true", help="results as JSON on stdout, progress on stderr")
    chosen = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="firstseen-bench-"))
    try:
        with Broker(heap_mb=1024, quick_start=False) as broker:
            results = compare(broker, directory, chosen.messages, chosen.rounds)
    finally:
        shutil.rmtree(directory)
    print(json.dumps(results, indent=2)) if chosen.json else print_table(results)
    return 0 if results["exact"] else 1


def compare(broker: Broker, directory: Path, messages: int, rounds: int) -> dict:
    bench = Bench(broker, directory, messages)
    runs: dict[str, list[Measured]] = {"bare loop": [], "firstseen": []}
    counted: list[int] = []
    for round_number in range(rounds + 1):  # the first warms the broker's JVM and does not count
        for contestant, command in (("bare loop", bench.bare_loop), ("firstseen", bench.firstseen)):
            output = f"{contestant.replace(' ', '-')}.{round_number}"
            measured = bench.run(output, command)
            counted.append(count_messages(broker.plaintext, output))
            note = " (warm-up)" if round_number == 0 else ""
            print(
                f"{contestant:<10} {measured.messages_per_s:>9,.0f} messages/s, {measured.cpu_us:.2f} us CPU, "
                f"{counted[-1]} published{note}",
                file=sys.stderr,
                flush=True,
            )
            if round_number > 0:
                runs[contestant].append(measured)
            last_round = round_number == rounds
            if not (last_round and contestant == "firstseen"):
                bench.admin.delete_topic(output)
    report = bench.verify(output)
    bare, ours = summary(runs["bare loop"]), summary(runs["firstseen"])
    counts_right = set(counted[::2]) == {messages} and set(counted[1::2]) == {report.first_seen}
    return {
        "messages": messages,
        "bare loop": bare,
        "firstseen": ours,
        "ratio": ours["messages_per_s"] / bare["messages_per_s"],
        "other_cores": max(bare["other_cores"], ours["other_cores"]),
        "verified": str(report),
        "exact": report.exact and counts_right,
    }


if __name__ == "__main__":
    sys.exit(main())
