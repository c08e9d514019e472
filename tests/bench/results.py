"""The form of a benchmark's result, its table, and its section of RESULTS.md.

A result is a dictionary that JSON can hold. What a benchmark states itself:
  benchmark  the section's name
  rows       one dictionary per line of the table; keys are column names with underscores for spaces
  ratios     name -> number; a name may say its goal in brackets
and, where it has something to say:
  title, settings {name: value}, notes [text], exact (every output was what it should be), checked (what was looked at
  for that, if not the whole of each), other_cores (CPU that others used meanwhile), priority (whether the measured
  processes' was raised)
What stamp() adds: date, machine, versions, disturbed."""

import re
from collections.abc import Iterable
from pathlib import Path

import machine
from harness.paths import ROOT
from load import DISTURBED_CORES

FILE = ROOT / "tests" / "bench" / "RESULTS.md"
_STORE = ["store", "store-variants", "store-sizes", "store-windows", "store-capped", "store-growth", "store-start"]
_PROGRAM = ["e2e", "matrix", "profile", "defaults", "latency", "peers", "recovery", "scale", "idle", "http", "scrape"]
_ORDER = [*_STORE, "keys", "filter", *_PROGRAM]
_PREFACE = """# Measured

Each section is written by `./dev bench NAME --record`: nothing between its two markers is edited by hand. Rates of two
machines, or of two days, are not comparable; ratios within one section are, since its contestants ran alternately.
"""


def stamp(result: dict, *names: str) -> dict:
    """With the facts of this machine, and the versions of the programs named."""
    other = result.get("other_cores")
    return {
        **result,
        "date": machine.now(),
        "machine": machine.machine(),
        "versions": machine.versions(*names),
        "disturbed": other is None or other > DISTURBED_CORES,
    }


def text(result: dict) -> str:
    """For a terminal."""
    cells = _cells(result["rows"])
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
    lines = [f"\n{_title(result)}"]
    for row in cells:
        lines.append(
            "  ".join(_aligned(cell, width, i) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        )
    lines += [f"{name}: {number(ratio)}" for name, ratio in result["ratios"].items()]
    lines += _remarks(result)
    return "\n".join(lines)


def section(result: dict) -> str:
    """For RESULTS.md."""
    header, *rows = _cells(result["rows"])
    lines = [f"## {_title(result)}", "", *_origin(result), ""]
    lines += [_markdown(header), _markdown(["---"] + ["---:"] * (len(header) - 1)), *map(_markdown, rows)]
    if result["ratios"]:
        lines += ["", _markdown(["ratio", ""]), _markdown(["---", "---:"])]
        lines += [_markdown([name, number(ratio)]) for name, ratio in result["ratios"].items()]
    lines += ["", *(f"- {remark}" for remark in _remarks(result))]
    return "\n".join(lines)


def record(result: dict, file: Path = FILE) -> None:
    """Replaces the section of this benchmark, or adds it in its place."""
    before = file.read_text() if file.is_file() else _PREFACE
    sections = dict(re.findall(r"<!-- begin (\S+) -->\n(.*?)\n<!-- end \1 -->", before, re.DOTALL))
    preface = before.split("<!-- begin ", 1)[0].rstrip()
    last_end = before.rfind("<!-- end ")
    epilogue = before[before.index("-->", last_end) + 3 :].strip() if last_end >= 0 else ""
    sections[result["benchmark"]] = section(result)
    names = sorted(sections, key=_place)
    parts = [preface, *(f"<!-- begin {name} -->\n{sections[name]}\n<!-- end {name} -->" for name in names), epilogue]
    file.write_text("\n\n".join(part for part in parts if part) + "\n")


def _place(name: str) -> tuple[int, str]:
    """Sections that differ in their number of keys (store, store-100m) stand together."""
    kind = re.sub(r"-[\d.]+m$", "", name)
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), name)


def number(value: object) -> str:
    """As many digits as say something."""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return f"{value:,.{digits}f}"
    return "" if value is None else str(value)


def _cells(rows: list[dict]) -> list[list[str]]:
    """The header and the rows; columns in the order in which the rows name them."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return [[column.replace("_", " ") for column in columns]] + [
        [number(row.get(column)) for column in columns] for row in rows
    ]


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _markdown(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _title(result: dict) -> str:
    title = result.get("title")
    return f"{result['benchmark']}: {title}" if title else result["benchmark"]


def _origin(result: dict) -> list[str]:
    facts = {"measured": result["date"], **result["machine"], **result["versions"]}
    origin = "; ".join(f"{name} {value}" for name, value in facts.items())
    settings = ", ".join(
        f"{name.replace('_', ' ')} {number(value)}" for name, value in result.get("settings", {}).items()
    )
    return [f"{origin}.", *([f"Settings: {settings}."] if settings else [])]


def _remarks(result: dict) -> list[str]:
    remarks = list(result.get("notes", []))
    if "exact" in result:
        checked = result.get("checked", "every output was checked")
        remarks.append(f"{checked}: " + ("exact" if result["exact"] else "NOT EXACT, see the program's output"))
    if "other_cores" in result:
        verdict = "DISTURBED" if result.get("disturbed") else "undisturbed"
        remarks.append(f"{verdict}: other programs used up to {result['other_cores']:.2f} cores meanwhile")
    if "priority" in result:
        remarks.append(f"priority of the measured processes {result['priority']}")
    return remarks
