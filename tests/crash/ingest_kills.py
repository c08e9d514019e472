"""./dev test crash ingest: 'firstseen ingest' is killed again and again while it puts files into a topic, or into an
output file; in the end that must hold each record exactly once. What must be there is worked out here, from how the
files were made."""

import csv
import gzip
import io
import json
import random
import re
import signal
import subprocess
from collections import Counter, defaultdict
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


def names_of(array: str) -> list[str]:
    text = (ROOT / "lib" / "ingest" / "steps.h").read_text()
    found = re.search(rf"\b{array}\{{(.*?)\}}", text, re.DOTALL)
    names = re.findall(r'"(\w+)"', found.group(1)) if found else []
    if not names:
        raise RuntimeError(f"lib/ingest/steps.h has no {array}{{...}} that could be read")
    return names


def named_steps(target: str, with_keys: bool) -> list[str]:
    """The names in lib/ingest/steps.h, so that a new step is killed at as soon as it has a name."""
    nowhere = set(names_of("step_names")) - set(names_of("topic_step_names")) - set(names_of("output_step_names"))
    if nowhere:
        raise RuntimeError(f"lib/ingest/steps.h: nothing comes to {', '.join(sorted(nowhere))}")
    return [name for name in names_of(f"{target}_step_names") if with_keys or name != "keys_prepared"]


def plan(steps: list[str], kills: int, chance: random.Random) -> list[str]:
    """Half of the kills at the named steps in turn, but each at least KILLS_PER_STEP times; the others at random."""
    at_steps = max(kills // 2, KILLS_PER_STEP * len(steps))
    planned = [steps[i % len(steps)] for i in range(at_steps)] + [AT_RANDOM] * (kills - kills // 2)
    chance.shuffle(planned)
    return planned


def record_of(text: str, with_keys: bool) -> tuple[str, str]:
    """What tells a record apart, and the whole record however it is spelt."""
    if text.startswith("line "):
        return text, text
    value = json.loads(text)
    whole = json.dumps(value, sort_keys=True)
    return (value["id"] if with_keys else whole), whole


@dataclass
class Files:
    """Files in folders, and the records that must come out of them, in any order: one of those that count as the same,
    but as it was."""

    root: Path
    chance: random.Random
    with_keys: bool
    expected: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
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
        return {"id": str(ident), "text": f'a "quoted", \\ line\nand another {self.chance.randrange(1 << 30)}'}

    def _expect(self, text: str) -> None:
        ident, whole = record_of(text, self.with_keys)
        self.expected[ident].add(whole)

    def _json_lines(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        for record in records:
            self._expect(json.dumps(record))
        return ".jsonl", "".join(json.dumps(record) + "\n" for record in records).encode()

    def _json_array(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        for record in records:
            self._expect(json.dumps(record))
        return ".json", json.dumps(records, indent=self.chance.choice([None, 2])).encode()

    def _csv(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, ["id", "text"])
        writer.writeheader()
        writer.writerows(records)
        for record in records:
            self._expect(json.dumps(record))
        return ".csv", out.getvalue().encode()

    def _lines(self, records: list[dict[str, str]]) -> tuple[str, bytes]:
        texts = [f"line {record['id']}" for record in records]
        for text in texts:
            self._expect(text)
        return ".txt", "\n".join(texts).encode()


@dataclass
class Scene:
    brokers: str
    name: str
    target: str  # "topic", or "output" for a file
    directory: Path
    chance: random.Random
    with_keys: bool
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        # Before a kill at random; shorter than a life on this machine. Into a file a life is short.
        self.longest_hold_s = 1.0 if self.target == "topic" else 0.1

    def run(self, kills: int) -> bool:
        if self.target == "topic":
            Admin(self.brokers).create_topic(self._topic, _PARTITIONS)
        self.steps = named_steps(self.target, self.with_keys)
        self.files = Files(self.directory / "files", self.chance, self.with_keys)
        planned = plan(self.steps, kills, self.chance)
        for number, target in enumerate(planned, 1):
            self.files.add_folder()
            reached = any(self._kill(target) for _ in range(_ATTEMPTS))
            print(f"kill {number}/{len(planned)} {target}{'' if reached else ' was NOT reached'}", flush=True)
        status = self._start().wait(300)
        again = self._start().wait(300)  # everything is known by now
        enough = self._print_kills() and self.killed.total() == len(planned)
        return self._verdict(status, again) and enough

    @property
    def _topic(self) -> str:
        return f"ingest.{self.name}"

    @property
    def _output(self) -> Path:
        return self.directory / "output"

    def _start(self, **environment: str) -> subprocess.Popen:
        into_topic = self.target == "topic"
        jobs = self.chance.randint(1, 4) if into_topic and not self.with_keys else 1
        command = [
            firstseen_binary(), "ingest",
            *(["--to-topic", self._topic, "--brokers", self.brokers] if into_topic else ["--to-file", self._output]),
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
        elif target == "cut_back":
            # There must be something to cut off.
            status = self._start(FIRSTSEEN_CRASH_AT="published").wait(300)
            process = self._start(FIRSTSEEN_CRASH_AT=target) if status == -signal.SIGKILL else None
        else:
            # All files of an earlier life may be done: only those of the last folder are sure to be there.
            process = self._start(FIRSTSEEN_CRASH_AT=f"{target}:{self.chance.randint(1, 3)}")
        if process:
            status = process.wait(300)
        if status == -signal.SIGKILL:
            self.killed[target] += 1
            return True
        if status != 0:
            raise RuntimeError(f"status {status}: see {self.directory / 'log'}")
        if target == AT_RANDOM:
            self.longest_hold_s *= 0.5  # a fast machine
        self.files.add_folder()  # it came to its end first: more work for the next attempt
        return False

    def _found(self) -> list[tuple[str, str]]:
        if self.target == "topic":
            texts = [record.value.decode() for record in read_topic(self.brokers, self._topic)]
        else:
            texts = self._output.read_bytes().decode().removesuffix("\n").split("\n")
        return [record_of(text, self.with_keys) for text in texts]

    def _print_kills(self) -> bool:
        """The table of the kills; true if every named step had enough of them."""
        print(f"\n{self.name}")
        for target in [*self.steps, AT_RANDOM]:
            print(f"  {target:<14} {self.killed[target]:>4} kills")
        print(f"  {'total':<14} {self.killed.total():>4} kills")
        enough = all(self.killed[step] >= KILLS_PER_STEP for step in self.steps)
        if not enough:
            print(f"FAILED: not every step was killed at {KILLS_PER_STEP} times")
        return enough

    def _verdict(self, status: int, again: int) -> bool:
        expected, found = self.files.expected, self._found()
        times = Counter(ident for ident, _ in found)
        lost = len(expected.keys() - times.keys())
        doubled = sum(count - 1 for ident, count in times.items() if ident in expected)
        foreign = sum(count for ident, count in times.items() if ident not in expected)
        changed = sum(whole not in expected[ident] for ident, whole in found if ident in expected)
        print(
            f"  files {self.files.files}, records {len(expected)}, in the {self.target} {len(found)}, "
            f"lost {lost}, doubled {doubled}, foreign {foreign}, changed {changed}",
            flush=True,
        )
        if status != 0 or again != 0:
            print(f"FAILED: the last runs left with status {status} and {again}: see {self.directory / 'log'}")
        return lost == doubled == foreign == changed == status == again == 0


def run(broker: Broker, directory: Path, kills: int, chance: random.Random) -> bool:
    """At least `kills` kills on files whose records all count and go into a topic, and half as many with records told
    apart by a key, or into an output file; more where the named steps need them."""
    passed = True
    half = (kills + 1) // 2
    for name, target, with_keys, count in (
        ("files", "topic", False, kills),
        ("files_with_keys", "topic", True, half),
        ("into_a_file", "output", False, half),
        ("into_a_file_with_keys", "output", True, half),
    ):
        folder = directory / name
        folder.mkdir()
        scene = Scene(broker.plaintext, name, target, folder, chance, with_keys)
        passed = scene.run(count) and passed
    return passed
