#!/usr/bin/env python3
"""./dev test crash [daemon|ingest]: kills the daemon, or 'firstseen ingest', again and again, then compares everything
published with everything sent.

Exit status 0: every planned kill was reached, no daemon stood still or ended by itself, and nothing was lost, doubled
or changed."""

import argparse
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ingest_kills
from harness.broker import Broker
from harness.verifier import Report
from killing import AT_RANDOM, KILLS_PER_STEP, Killer, named_steps, plan
from scene import MAX_BATCH, PARTITIONS, Flow, Scene

_MESSAGES_PER_SECOND = 1500
_AT_LEAST_ONCE_KILLS = [AT_RANDOM] * 4 + ["published", "prepared", "offsets_sent", "committed"] * 2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="daemon", choices=["daemon", "ingest"], help="what is killed")
    parser.add_argument("--kills", type=int, help="at least this many (default: daemon 105, ingest 50)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="repeats the same plan and stream")
    return parser.parse_args()


def kill_and_drain(scene: Scene, planned: list[str], chance: random.Random) -> tuple[Killer, Report, int]:
    with Flow(scene.stream, _MESSAGES_PER_SECOND) as flow:
        killer = Killer(scene, flow, chance)
        killer.run(planned)
    status = scene.drain()
    return killer, scene.verify(), status


def exactly_once(broker: Broker, directory: Path, kills: int, chance: random.Random) -> bool:
    planned = plan(kills, chance)
    scene = Scene(broker, directory / "exactly_once", "exactly_once", chance.randrange(1 << 32))
    killer, report, status = kill_and_drain(scene, planned, chance)
    print_table("exactly_once", killer, report, failed=not report.exact)
    enough = all(killer.killed[step] >= KILLS_PER_STEP for step in named_steps())
    if not enough:
        print(f"FAILED: not every step was killed at {KILLS_PER_STEP} times")
    if status != 0:
        print(f"FAILED: the last daemon left with status {status}")
    return report.exact and enough and status == 0 and killer.killed.total() >= len(planned)


def at_least_once(broker: Broker, directory: Path, chance: random.Random) -> bool:
    scene = Scene(broker, directory / "at_least_once", "at_least_once", chance.randrange(1 << 32))
    killer, report, status = kill_and_drain(scene, _AT_LEAST_ONCE_KILLS, chance)
    print_table("at_least_once", killer, report, failed=report.lost > 0 or report.changed > 0)
    kills = killer.killed.total()
    most_rewinds = (kills + killer.repeated.total()) * PARTITIONS
    print(
        f"  went back {report.rewinds} times (at most {most_rewinds}), "
        f"by {report.deepest_rewind} input offsets at most (at most {2 * MAX_BATCH})"
    )
    only_cut_batches = report.rewinds <= most_rewinds and report.deepest_rewind <= 2 * MAX_BATCH
    return (
        report.lost == report.changed == 0 and only_cut_batches and status == 0 and kills >= len(_AT_LEAST_ONCE_KILLS)
    )


def _row(name: str, kills: int, repeated: int) -> str:
    return f"  {name:<14} {kills:>4} kills" + (f", {repeated} lives repeated: they missed the step" if repeated else "")


def print_table(title: str, killer: Killer, report: Report, failed: bool) -> None:
    print(f"\n{title}")
    for target in [*named_steps(), AT_RANDOM]:
        if killer.killed[target] or killer.repeated[target]:
            print(_row(target, killer.killed[target], killer.repeated[target]))
    print(_row("total", killer.killed.total(), killer.repeated.total()))
    print(f"  {report if failed else report.summary}", flush=True)


def main() -> int:
    chosen = arguments()
    print(f"seed {chosen.seed}", flush=True)
    chance = random.Random(chosen.seed)
    directory = Path(tempfile.mkdtemp(prefix="firstseen-crash-"))
    with Broker(heap_mb=768) as broker:
        if chosen.part == "ingest":
            passed = ingest_kills.run(broker, directory, chosen.kills or 50, chance)
        else:
            passed = exactly_once(broker, directory, chosen.kills or 105, chance)
            passed = at_least_once(broker, directory, chance) and passed
    if passed and not os.environ.get("FIRSTSEEN_KEEP"):
        shutil.rmtree(directory)
    else:
        print(f"logs: {directory}")
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
