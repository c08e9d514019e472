"""Rules about the tree: sizes of files, the direction of includes in lib/, nothing that names one machine."""

import re
from collections.abc import Iterator
from pathlib import Path

MAX_LINES = 400
CODE = {".h", ".cpp", ".py", ".cmake", ".sh"}

# What each folder of lib/ may include besides itself. `store` and `kafka` never see each other.
LAYERS = {
    "base": set(),
    "key": {"base"},
    "store": {"base"},
    "kafka": {"base"},
    "config": {"base"},
    "dedup": {"base", "key", "store", "kafka"},
    "idempotency": {"base", "store"},
    "ingest": {"base", "key", "store", "kafka"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z_]+)/', re.MULTILINE)

# Paths of one person's or one build machine, and hosts that stand in for the public package registries.
MACHINE = re.compile(
    r"(?<![\w.$}])/(?:home|root|work|Users)/[\w.-]+|https?://[\w.-]*(?:mirror|proxy|artifactory|nexus)[\w.-]*"
)


def long_files(files: list[Path]) -> Iterator[str]:
    for file in files:
        if file.suffix in CODE or file.name == "dev":
            lines = file.read_text().count("\n")
            if lines > MAX_LINES:
                yield f"{file}: {lines} lines, more than {MAX_LINES}: it wants to be two files"


def wrong_includes(files: list[Path]) -> Iterator[str]:
    for file in files:
        if file.suffix not in {".h", ".cpp"} or file.parts[0] != "lib":
            continue
        here = file.parts[1]
        if here not in LAYERS:
            yield f"{file}: lib/{here} is not listed in tests/lint/tree.py: say there what it may include"
            continue
        allowed = LAYERS[here] | {here}
        for used in sorted(set(INCLUDE.findall(file.read_text())) - allowed):
            yield f'{file}: includes "{used}/...", but {here} may use only {", ".join(sorted(allowed))}'


def machine_names(files: list[Path]) -> Iterator[str]:
    for file in files:
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if found := MACHINE.search(line):
                yield f"{file}:{number}: names one machine: {found.group()}"
