"""clang-tidy over the compilation database, in parallel; a unit that passed is not checked again until it changes."""

import hashlib
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TIDY = "clang-tidy-19"
COMPILER = "clang++-19"


def units(build: Path, root: Path) -> list[dict]:
    """The compile commands of the product's sources; with FIRSTSEEN_LINT_TESTS=1 those of the C++ tests, too."""
    commands = json.loads((build / "compile_commands.json").read_text())
    left_out = {root / "build"}
    if os.environ.get("FIRSTSEEN_LINT_TESTS") != "1":
        left_out.add(root / "tests")
    ours = (command for command in commands if left_out.isdisjoint(Path(command["file"]).parents))
    return sorted(ours, key=lambda command: command["file"])


def fingerprint(unit: dict, root: Path) -> str | None:
    """A digest of all that a verdict depends on: command, configuration, the unit and every header of ours."""
    words = shlex.split(unit["command"])
    flags = [word for word in words if word.startswith(("-I", "-D", "-isystem", "-std", "-f"))]
    listing = subprocess.run(
        [COMPILER, *flags, "-MM", unit["file"]], cwd=unit["directory"], capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        return None
    names = listing.stdout.replace("\\\n", " ").split()[1:]
    paths = {Path(os.path.normpath(Path(unit["directory"]) / name)) for name in names}
    configurations = set(root.glob(".clang-tidy")) | set(root.glob("tests/**/.clang-tidy"))
    digest = hashlib.sha256(unit["command"].encode())
    for path in sorted(paths | configurations):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def check(unit: dict, build: Path, root: Path, cache: Path) -> str | None:
    """The findings in one unit, or nothing."""
    key = fingerprint(unit, root)
    if key and (cache / key).exists():
        return None
    done = subprocess.run(
        [TIDY, "--quiet", "-p", str(build), unit["file"]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return done.stdout + done.stderr
    if key:
        (cache / key).touch()
    return None


def findings(build: Path, root: Path, jobs: int) -> Iterator[str]:
    cache = root / "build" / "tidy-cache"
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(lambda unit: check(unit, build, root, cache), units(build, root)):
            if found:
                yield found.rstrip()
