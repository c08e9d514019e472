"""Writes what is derived in the chart: the table of values in its README (from values.yaml and its comments), the
schema of `config` (from config/firstseen.schema.json) and the figures of memory (from daemon/plan/figures.h). With
--check it writes nothing. Exit status 1 if a value has no comment, or, with --check, if anything is out of date."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent / "firstseen"
CONFIG_SCHEMA = Path(__file__).parents[2] / "config/firstseen.schema.json"
MEASURED = Path(__file__).parents[2] / "daemon/plan/figures.h"
BEGIN, END = "<!-- values: made by deploy/helm/generate.py -->\n", "<!-- end of values -->\n"
# What the chart sets itself, and what a cluster cannot do without though the program has a default.
OWNED = {"store": ["path"], "run": None, "http": None}
REQUIRED = {"kafka": ["brokers"]}
# Of daemon/plan/figures.h, which _memory.tpl computes with as daemon/plan/plan.cpp does.
FIGURES = (
    "measured::disk_bytes_per_key",
    "measured::index_bytes_per_key_growing",
    "bound::most_beside_index_bytes",
    "bound::large_index",
    "bound::small_index_bytes",
)


def described(text: str) -> Iterator[tuple[str, str]]:
    """Every value with a comment that begins with '# -- ': its path with dots, and the comment's text."""
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if words := re.match(r"\s*# (-- )?(.*)", line):
            comment = [words[2]] if words[1] else [*comment, words[2]] if comment else []
        elif key := re.match(r"( *)([A-Za-z_]\w*):", line):
            path = [(indent, name) for indent, name in path if indent < len(key[1])]
            path.append((len(key[1]), key[2]))
            if comment:
                yield ".".join(name for _, name in path), " ".join(comment)
            comment = []
        else:
            comment = []


def value_at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values


def undescribed(text: str) -> list[str]:
    """Values that neither have a comment nor lie in something that has one."""
    paths = {path for path, _ in described(text)}

    def look(values: dict[str, Any], above: str) -> Iterator[str]:
        for name, value in values.items():
            if f"{above}{name}" in paths:
                continue
            if isinstance(value, dict) and value:
                yield from look(value, f"{above}{name}.")
            else:
                yield f"{above}{name}"

    return list(look(yaml.safe_load(text), ""))


def table(text: str) -> str:
    values = yaml.safe_load(text)
    rows = ["| value | default | is |", "|---|---|---|"]
    for path, comment in described(text):
        default = "see below it" if path == "config" else f"`{json.dumps(value_at(values, path))}`"
        rows.append(f"| `{path}` | {default} | {comment} |")
    return "\n".join(rows) + "\n"


def readme() -> str:
    text = (CHART / "README.md").read_text()
    before, rest = text.split(BEGIN)
    return before + BEGIN + table((CHART / "values.yaml").read_text()) + END + rest.split(END)[1]


def quoted(schema: Any) -> Any:
    """The schema with texts that must be texts, since helm makes a group 20240101 of a values file 2.0240101e+07."""
    if isinstance(schema, list):
        return [quoted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: item if name == "additionalProperties" else quoted(item) for name, item in schema.items()}
    return {**made, "type": "string"} if made.get("type") == ["string", "number", "boolean"] else made


def config_schema() -> dict[str, Any]:
    schema = quoted(json.loads(CONFIG_SCHEMA.read_text()))
    del schema["$schema"], schema["title"]
    sections = schema["properties"]
    for section, options in OWNED.items():
        if options is None:
            del sections[section]
        for option in options or []:
            del sections[section]["properties"][option]
    for section, options in REQUIRED.items():
        sections[section]["type"] = "object"  # which may not be empty then
        sections[section].setdefault("required", []).extend(options)
        schema["required"].append(section)
    return schema


def values_schema() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text())
    schema["properties"]["config"] = config_schema()
    return json.dumps(schema, indent=2) + "\n"


def measured() -> dict[str, float]:
    """Every figure of daemon/plan/figures.h, by its name behind firstseen::plan."""
    figures: dict[str, float] = {}
    namespace = ""
    for line in MEASURED.read_text().splitlines():
        if opened := re.match(r"namespace firstseen::plan::(\w+)", line):
            namespace = opened[1]
        if figure := re.match(r"inline constexpr [\w:]+ (\w+) = ([\d.e']+)(?:ULL << (\d+)U)?;", line):
            figures[f"{namespace}::{figure[1]}"] = float(figure[2].replace("'", "")) * 2 ** int(figure[3] or 0)
    return figures


def figures() -> str:
    options = json.loads(CONFIG_SCHEMA.read_text())["properties"]
    taken = {name.partition("::")[2]: measured()[name] for name in FIGURES}
    for section, option in (("kafka", "prefetch_bytes"), ("store", "max_size")):
        taken[f"default_{option}"] = options[section]["properties"][option]["default"]
    return "\n".join(
        [
            "{{/* Made by deploy/helm/generate.py of daemon/plan/figures.h and config/firstseen.schema.json. */}}",
            '{{- define "firstseen.figures" -}}',
            json.dumps(taken, indent=2),
            "{{- end }}\n",
        ]
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing, fail if something would change")
    check = arguments.parse_args().check
    missing = undescribed((CHART / "values.yaml").read_text())
    for path in missing:
        print(f"{CHART / 'values.yaml'}: {path} has no comment that begins with '# -- '")
    old = len(missing)
    derived = {
        "README.md": readme(),
        "values.schema.json": values_schema(),
        "templates/_figures.tpl": figures(),
    }
    for name, made in derived.items():
        file = CHART / name
        if file.is_file() and file.read_text() == made:
            continue
        if check:
            old += 1
            print(f"{file} is out of date: run {Path(__file__).name}")
        else:
            file.write_text(made)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
