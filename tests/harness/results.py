"""The table that a tier prints at its end: one line per test, and why one was left out."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

# What pytest-xdist appends: the tests that one of its processes runs in turn.
_GROUP = re.compile(r"@[^@\]]*$")
_NAMES = {"passed": "ok", "failed": "FAILED", "skipped": "left out"}


@dataclass
class Row:
    part: str
    """The folder of the test."""
    what: str
    outcome: str
    seconds: float
    """With what was made and ended for it."""
    reason: str = ""


def _reason(report: pytest.TestReport) -> str:
    """Of a skip; pytest keeps it as (file, line, 'Skipped: why')."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return ""
    return report.longrepr[2].removeprefix("Skipped: ").splitlines()[0]


def rows(reports: Iterable[pytest.TestReport]) -> list[Row]:
    """One per test, by part and in the order of their ends; a test that failed in any of its phases has failed."""
    found: dict[str, Row] = {}
    for report in sorted(reports, key=lambda report: report.stop):
        file, _, test = _GROUP.sub("", report.nodeid).partition("::")
        part = file.rpartition("/")[0] or "."
        row = found.setdefault(report.nodeid, Row(part, test.removeprefix("test_").replace("_", " "), "passed", 0.0))
        row.seconds += report.duration
        if report.outcome != "passed" and row.outcome != "failed":
            row.outcome, row.reason = report.outcome, _reason(report)
    return sorted(found.values(), key=lambda row: row.part)


def table(results: list[Row]) -> Iterator[str]:
    width = max((len(row.what) for row in results), default=0)
    part_width = max((len(row.part) for row in results), default=0)
    for row in results:
        outcome = _NAMES.get(row.outcome, row.outcome)
        reason = f"  ({row.reason})" if row.reason else ""
        yield f"{outcome:8}  {row.part:{part_width}}  {row.what:{width}}  {row.seconds:6.1f} s{reason}".rstrip()
    counts = {name: sum(row.outcome == outcome for row in results) for outcome, name in _NAMES.items()}
    yield ", ".join(f"{count} {name}" for name, count in counts.items())


def fail_if_left_out(report: pytest.TestReport) -> None:
    """Where FIRSTSEEN_NOTHING_LEFT_OUT is set, since everything should be there."""
    if report.skipped and os.environ.get("FIRSTSEEN_NOTHING_LEFT_OUT"):
        report.outcome, report.longrepr = "failed", f"left out: {_reason(report)}"


def print_table(reporter: pytest.TerminalReporter, title: str) -> None:
    """At the end of a tier's run."""
    listed = (report for reports in reporter.stats.values() for report in reports)
    reporter.write_sep("=", title)
    for line in table(rows(report for report in listed if isinstance(report, pytest.TestReport))):
        reporter.write_line(line)
