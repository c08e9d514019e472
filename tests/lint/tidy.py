"""clang-tidy over the compilation database, several sources at a time.

Most of what clang-tidy does for one source is done again for the next one of the same folder: it parses, and walks with
every check, the same standard and library headers. So sources of one folder that are compiled with the same flags are
written one behind the other into one file, which is checked once, and places are translated back. Where names of two of
them collide, the group is halved. What passed is remembered under build/ until it, a header of ours that it reaches,
the configuration or the tool changes; a system header's change is not noticed.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

TIDY = "clang-tidy-19"
MAX_GROUP = 12  # sources; a bigger group leaves a core idle at the end
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
FINDING = re.compile(r"^(/[^:\n]+):(\d+):(\d+): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Unit:
    source: Path
    flags: tuple[str, ...]

    @cached_property
    def lines(self) -> int:
        return self.source.read_bytes().count(b"\n") + 1


def units(build: Path, root: Path) -> list[Unit]:
    """Our sources, each once, with the flags that decide how it is read."""
    found: dict[Path, Unit] = {}
    for command in json.loads((build / "compile_commands.json").read_text()):
        source = Path(command["file"])
        if root / "build" in source.parents:
            continue
        words = iter(shlex.split(command["command"]))
        flags: list[str] = []
        for word in words:
            if word == "-isystem":
                flags += [word, next(words)]
            elif word.startswith(("-I", "-D", "-std=")):
                flags.append(word)
        found[source] = Unit(source, tuple(flags))
    return [found[source] for source in sorted(found)]


@cache
def included(file: Path, folders: tuple[Path, ...]) -> frozenset[Path]:
    """The headers of ours that a file names."""
    names = INCLUDE.findall(file.read_text(errors="replace"))
    places = ((folder / name for folder in (file.parent, *folders)) for name in names)
    found = (next((place for place in candidates if place.is_file()), None) for candidates in places)
    return frozenset(Path(os.path.normpath(header)) for header in found if header)


class Linter:
    def __init__(self, build: Path, root: Path):
        self.build = build
        self.root = root
        self.work = root / "build" / "tidy"
        self.passed = self.work / "passed"
        self.passed.mkdir(parents=True, exist_ok=True)
        self.version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout

    def configuration(self, unit: Unit) -> Path:
        """The .clang-tidy that clang-tidy itself would take for this source."""
        return next(file for folder in unit.source.parents if (file := folder / ".clang-tidy").is_file())

    def key(self, unit: Unit) -> str:
        """A digest of all that a verdict depends on, the system's headers excepted."""
        folders = tuple(Path(flag[2:]) for flag in unit.flags if flag.startswith("-I"))
        reached: set[Path] = set()
        waiting = [unit.source]
        while waiting:
            file = waiting.pop()
            if file not in reached:
                reached.add(file)
                waiting += included(file, folders)
        digest = hashlib.sha256(self.version + Path(__file__).read_bytes() + shlex.join(unit.flags).encode())
        for file in sorted(reached | {self.configuration(unit)}):
            digest.update(str(file).encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()

    def groups(self) -> list[list[Unit]]:
        """What has not passed yet, the longest groups first."""
        together = defaultdict(list)
        for unit in units(self.build, self.root):
            if not (self.passed / self.key(unit)).exists():
                together[(unit.source.parent, unit.flags)].append(unit)
        found = []
        for members in together.values():
            count = -(-len(members) // MAX_GROUP)
            found += [members[start::count] for start in range(count)]
        return sorted(found, key=lambda group: -sum(unit.lines for unit in group))

    def check(self, group: list[Unit]) -> list[str]:
        """The findings in a group, each with its place in the real source."""
        joined = self.work / (hashlib.sha256(str(group).encode()).hexdigest()[:16] + ".cpp")
        joined.write_text("\n".join(unit.source.read_text() for unit in group))
        first = group[0]
        command = [TIDY, "--quiet", f"--config-file={self.configuration(first)}", str(joined)]
        flags = [*first.flags, f"-iquote{first.source.parent}"]
        done = subprocess.run([*command, "--", *flags], capture_output=True, text=True, check=False)
        joined.unlink()
        if done.returncode == 0:
            for unit in group:
                (self.passed / self.key(unit)).touch()
            return []
        if "[clang-diagnostic-error]" in done.stdout and len(group) > 1:
            half = len(group) // 2
            return self.check(group[:half]) + self.check(group[half:])
        return self.translated(done.stdout or done.stderr, joined, group)

    def translated(self, output: str, joined: Path, group: list[Unit]) -> list[str]:
        """Splits clang-tidy's output into findings and puts the real places into them."""

        def place(found: re.Match) -> str:
            file, line, column, text = found.groups()
            if file == str(joined):
                number = int(line)
                for unit in group:
                    if number <= unit.lines:
                        break
                    number -= unit.lines
                file, line = str(unit.source), str(number)
            return f"{os.path.relpath(file, self.root)}:{line}:{column}: {text}"

        text = FINDING.sub(place, output)
        return [
            part.rstrip()
            for part in re.split(r"^(?=\S+:\d+:\d+: (?:error|warning):)", text, flags=re.MULTILINE)
            if part.strip()
        ]


def findings(build: Path, root: Path, jobs: int) -> Iterator[str]:
    linter = Linter(build, root)
    seen: set[str] = set()
    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(linter.check, linter.groups()):
            yield from (text for text in found if text not in seen)
            seen.update(found)
