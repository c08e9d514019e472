#!/usr/bin/env python3
"""./dev bench scrape: does every scrape of /metrics add up while messages come at a steady rate?

A producer sends 50,000 messages a second, a tenth of them duplicates, for ten minutes, and /metrics is scraped every
second. In each scrape the verdicts must sum up to what is consumed, and the last bucket of a histogram to its count;
nothing that counts may be less than in the scrape before; at the end all must be what was sent. The exit status is 1 if
anything was not so. Last the output is compared with the input, which for ten minutes' messages takes some minutes more
and 3 GiB of memory."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dataset
import options
from arena import Arena, say
from contestants import DURABILITY_NOTE, Firstseen, Job
from dataset import DataSet
from exactness import Expected
from harness import process
from harness.poll import TimedOut, wait_until
from load import OtherLoad, prefer
from measure import Task, drained
from metrics_text import CONSUMED, verdict
from scraper import Scraper

_SLACK_S = 120.0
_SHOWN_S = 30.0
_SAY_EVERY = 60  # scrapes
_NOTED = 10  # faults


def arguments() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="default 600")
    parser.add_argument("--rate", type=int, default=50_000, help="messages a second (default 50000)")
    options.add_quick(parser, "a low rate and little time")
    dataset.add_arguments(parser, ("duplicates", "repeats", "value_bytes", "partitions", "seed"))
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.seconds, chosen.rate = 4, 2_000
    return chosen


class Run:
    """The daemon, a producer and a scraper at once."""

    def __init__(self, arena: Arena, data: DataSet, chosen: argparse.Namespace) -> None:
        self._arena, self._data, self._chosen = arena, data, chosen
        (port,) = process.free_ports(1)
        self.scraper = Scraper(f"127.0.0.1:{port}")
        self._contestant = Firstseen(http=f"127.0.0.1:{port}")
        self.sent: dict = {}  # as the producer says

    def run(self) -> "Run":
        arena, scraper = self._arena, self.scraper
        topic = arena.admin.create_topic("in.scrape", self._data.partitions)
        job = arena.job(self._contestant, topic, self._data.partitions)
        with arena.running(self._contestant, job) as daemon:
            wait_until(lambda: _lives(daemon) and scraper.ready(), "the daemon is ready", _SLACK_S, every_s=0.2)
            watch = OtherLoad((daemon.pid, arena.broker.pid))
            self.sent = self._send(job, daemon)
            task = Task(job.name, topic, job.name, self._data.messages)
            wait_until(
                lambda: _lives(daemon) and scraper.when_due() and drained(arena.admin, task),
                "all is committed",
                _SLACK_S,
                every_s=0,
            )
            self._compare_with_sent()
            arena.see(watch.cores())
        say("comparing the output with the input")
        say(arena.check(self._contestant, job, Expected(job.brokers, topic)))
        return self

    def _send(self, job: Job, daemon: subprocess.Popen) -> dict:
        log = job.directory / "producer.log"
        producer = process.start(self._data.command(job.brokers, job.input, self._chosen.rate), log)
        prefer(producer.pid)
        deadline_s = time.monotonic() + 2 * self._chosen.seconds + _SLACK_S
        try:
            while producer.poll() is None and _lives(daemon):
                self._say(self.scraper.when_due().get(CONSUMED, 0.0))
                if time.monotonic() > deadline_s:
                    raise RuntimeError(f"not within {2 * self._chosen.seconds + _SLACK_S:.0f} s: everything is sent")
        finally:
            producer.kill()
            producer.wait()
        if producer.returncode != 0:
            raise RuntimeError(f"the producer left with status {producer.returncode}: {log.read_text()}")
        return json.loads(log.read_text().splitlines()[-1])

    def _say(self, consumed: float) -> None:
        scrapes = len(self.scraper.seconds)
        if scrapes % _SAY_EVERY == 0:
            say(
                f"{scrapes} scrapes, {self.scraper.mismatches} mismatches; "
                f"{consumed:,.0f} of {self._data.messages:,} messages"
            )

    def _compare_with_sent(self) -> None:
        """What /metrics shows is at most about a second old."""
        messages, originals = self.sent["messages"], self.sent["originals"]
        wanted = {
            CONSUMED: messages,
            verdict("first_seen"): originals,
            verdict("duplicate"): messages - originals,
        }

        def shown() -> bool:
            samples = self.scraper.when_due()
            return {series: samples.get(series) for series in wanted} == wanted

        try:
            wait_until(shown, f"the metrics say {wanted}", _SHOWN_S, every_s=0)
        except TimedOut as error:
            self.scraper.fault(str(error))

    def row(self) -> dict:
        took_ms = sorted(seconds * 1000 for seconds in self.scraper.seconds)
        return {
            "contestant": "firstseen",
            "scrapes": len(took_ms),
            "mismatches": self.scraper.mismatches,
            "median_ms": statistics.median(took_ms),
            "p99_ms": took_ms[int(0.99 * (len(took_ms) - 1))],
            "slowest_ms": took_ms[-1],
            "sent/s": self.sent["messages"] / self.sent["seconds"],
            "consumed/s": self.scraper.consumed_per_s(),
        }


def _lives(daemon: subprocess.Popen) -> bool:
    if daemon.poll() is not None:
        raise RuntimeError(f"the daemon ended with status {daemon.returncode}")
    return True


def scrape(arena: Arena, data: DataSet, chosen: argparse.Namespace) -> dict:
    run = Run(arena, data, chosen).run()
    return {
        "benchmark": "scrape",
        "title": f"/metrics once a second for {chosen.seconds} s at {chosen.rate:,} messages/s",
        "settings": data.settings() | {"rate": chosen.rate, "seconds": chosen.seconds},
        "rows": [run.row()],
        "ratios": {},
        "notes": [*run.scraper.faults[:_NOTED], DURABILITY_NOTE],
        **arena.facts(),
    }


def main() -> int:
    chosen = arguments()
    with Arena() as arena:
        result = scrape(arena, dataset.chosen(chosen, messages=chosen.rate * chosen.seconds), chosen)
    status = options.finish([result], chosen, "librdkafka", "Kafka", "Java")
    return 1 if result["rows"][0]["mismatches"] else status


if __name__ == "__main__":
    sys.exit(main())
