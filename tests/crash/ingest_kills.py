"""./dev test crash ingest: 'firstseen ingest' is killed again and again while it puts files into a topic; in the end
the topic must hold each record exactly once. What must be there is worked out here, from how the files were made."""

import csv
import gzip
import io
import json
import random
import re
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from harness.admin import Admin
from harness.broker import Broker
from harness.paths import ROOT, firstseen_binary
from harness.poll import hold
from harness.reader import read_topic

AT_RANDOM = "random"
KILLS_PER_STEP = 3
_FILES_PER_KILL = 4
_RECORDS_PER_FILE = 200
_ATTEMPTS = 5
_PARTITIONS = 3


def named_steps(with_keys: bool) -> list[str]:
    """The names in lib/ingest/steps.h, so that a new step is killed at as soon as it has a name."""
    text = (ROOT / "lib" / "ingest" / "steps.h").read_text()
    found = re.search(r"step_names\{(.*?)\}", text, re.DOTALL)
    names = re.findall(r'"(\w+)"', found.group(1)) if found else []
    if not names:
        raise RuntimeError("lib/ingest/steps.h has no step_names{...} that could be read")
    return [name for name in names if with_keys or name != "keys_prepared"]


def plan(steps: list[str], kills: int, chance: random.Random) -> list[str]:
    """Half of the kills at the named steps in turn, but each at least KILLS_PER_STEP times; the others at random."""
    at_steps = max(kills // 2, KILLS_PER_STEP * len(steps))
    planned = [steps[i % len(steps)] for i in range(at_steps)] + [AT_RANDOM] * (kills - kills // 2)
    chance.shuffle(planned)
    return planned


@dataclass
class Files:
    """Files in folders, and the records that must come out of them: as Python values, in any order."""

    root: Path
    chance: random.Random
    with_keys: bool
    expected: Counter[str] = field(default_factory=Counter)
    folders: list[Path] = field(default_factory=list)
    files: int = 0
    _contents: list[tuple[str, bytes]] = field(default_factory=list)
    _ids: int = 0

    def add_folder(self) -> None:
        folder = self.root / f"{len(self.folders):03}" / "inner"
        folder.mkdir(parents=True)
        self.folders.append(folder.parent)
        for number in range(_FILES_PER_KILL):
            suffix, content = self._content()
            (folder / f"{number}{suffix}").write_bytes(content)
            self.files += 1

    def _content(self) -> tuple[str, bytes]:
        if self._contents and self.chance.random() < 0.1:
            return self.chance.choice(self._contents)  # an alias: its records are there already
        # With keys, lines that are no objects would have none.
        maker = self.chance.choice(
            [self._json_lines, self._json_array, self._csv] + [self._lines] * (not self.with_keys)
        )
        suffix, content = maker([self._record() for _ in range(_RECORDS_PER_FILE)])
        if self.chance.random() < 0.3:
            suffix, content = suffix + ".gz", gzip.compress(content)
        self._contents.append((suffix, content))
        return suffix, content

    def _record(self) -> dict[str, str]:
        if self.with_keys and self._ids and self.chance.random() < 0.2:
            ident = self.chance.randrange(self._ids)  # a duplicate
        else:
            ident = self._ids
            self._ids += 1
        return {"id": str(ident), "text": 'a "quoted", \\ line\nand another'}

    def _expect(self, value: object) -> None:
        self.expected[value["id"] if self.with_keys else json.dumps(value, sort_keys=True)] = 1

    def _json_lines(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        for record in records:
            self._expect(record)
        return ".jsonl", "".join(json.dumps(record) + "\n" for record in records).encode()

    def _json_array(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        for record in records:
            self._expect(record)
        return ".json", json.dumps(records, indent=self.chance.choice([None, 2])).encode()

    def _csv(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, ["id", "text"])
        writer.writeheader()
        writer.writerows(records)
        for record in records:
            self._expect(record)
        return ".csv", out.getvalue().encode()

    def _lines(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        texts = [f"line {record['id']}" for record in records]
        for text in texts:
            self.expected[text] = 1
        return ".txt", "\n".join(texts).encode()


@dataclass
class Scene:
    brokers: str
    topic: str
    directory: Path
    chance: random.Random
    with_keys: bool
    killed: Counter[str] = field(default_factory=Counter)
    longest_hold_s: float = 1.0  # before a kill at random; shorter than a life on this machine

    def run(self, kills: int) -> bool:
        Admin(self.brokers).create_topic(self.topic, _PARTITIONS)
        self.files = Files(self.directory / "files", self.chance, self.with_keys)
        planned = plan(named_steps(self.with_keys), kills, self.chance)
        for number, target in enumerate(planned, 1):
            self.files.add_folder()
            reached = any(self._kill(target) for _ in range(_ATTEMPTS))
            print(f"kill {number}/{len(planned)} {target}{'' if reached else ' was NOT reached'}", flush=True)
        status = self._start().wait(300)
        again = self._start().wait(300)  # everything is known by now
        enough = self._print_kills() and self.killed.total() == len(planned)
        return self._verdict(status, again) and enough

    def _start(self, **environment: str) -> subprocess.Popen:
        jobs = 1 if self.with_keys else self.chance.randint(1, 4)
        command = [
            firstseen_binary(), "ingest", "--to-topic", self.topic, "--brokers", self.brokers,
            "--ledger", self.directory / "ledger", "--jobs", str(jobs),
            "--records-per-transaction", self.chance.choice(["0", "20", "20", "50"]),
            *(["--key", "payload:/id"] if self.with_keys else []), *self.files.folders,
        ]  # fmt: skip
        log = (self.directory / "log").open("ab")
        with log:
            return subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, env=environment)

    def _kill(self, target: str) -> bool:
        """One life; true if it ended by the kill."""
        if target == AT_RANDOM:
            process = self._start()
            hold(self.chance.uniform(0.0, self.longest_hold_s))
            process.send_signal(signal.SIGKILL)
        else:
            # All files of an earlier life may be done: only those of the last folder are sure to be there.
            process = self._start(FIRSTSEEN_CRASH_AT=f"{target}:{self.chance.randint(1, 3)}")
        status = process.wait(300)
        if status == -signal.SIGKILL:
            self.killed[target] += 1
            return True
        if status != 0:
            raise RuntimeError(f"status {status}: see {self.directory / 'log'}")
        if target == AT_RANDOM:
            self.longest_hold_s *= 0.7  # a fast machine
        self.files.add_folder()  # it came to its end first: more work for the next attempt
        return False

    def _found(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for record in read_topic(self.brokers, self.topic):
            text = record.value.decode()
            if text.startswith("line "):
                found[text] += 1
            else:
                value = json.loads(text)
                found[value["id"] if self.with_keys else json.dumps(value, sort_keys=True)] += 1
        return found

    def _print_kills(self) -> bool:
        """The table of the kills; true if every named step had enough of them."""
        steps = named_steps(self.with_keys)
        print(f"\n{self.topic}")
        for target in [*steps, AT_RANDOM]:
            print(f"  {target:<14} {self.killed[target]:>4} kills")
        print(f"  {'total':<14} {self.killed.total():>4} kills")
        enough = all(self.killed[step] >= KILLS_PER_STEP for step in steps)
        if not enough:
            print(f"FAILED: not every step was killed at {KILLS_PER_STEP} times")
        return enough

    def _verdict(self, status: int, again: int) -> bool:
        expected, found = self.files.expected, self._found()
        lost = sum(1 for record in expected if record not in found)
        doubled = sum(count - 1 for record, count in found.items() if record in expected)
        foreign = sum(count for record, count in found.items() if record not in expected)
        print(
            f"  files {self.files.files}, records {len(expected)}, in the topic {found.total()}, "
            f"lost {lost}, doubled {doubled}, foreign {foreign}",
            flush=True,
        )
        if status != 0 or again != 0:
            print(f"FAILED: the last runs left with status {status} and {again}: see {self.directory / 'log'}")
        return lost == doubled == foreign == status == again == 0


def run(broker: Broker, directory: Path, kills: int, chance: random.Random) -> bool:
    """At least `kills` kills on files whose records all count, and half as many with records told apart by a key; more
    where the named steps need them."""
    passed = True
    for name, with_keys, count in (("files", False, kills), ("files_with_keys", True, (kills + 1) // 2)):
        folder = directory / name
        folder.mkdir()
        scene = Scene(broker.plaintext, f"ingest.{name}", folder, chance, with_keys)
        passed = scene.run(count) and passed
    return passed
