#!/usr/bin/env python3
"""Prints what ctest does not say: why cases of GoogleTest and of unittest were skipped, one line each, and how many
cases of GoogleTest ran where a program with many of them is one test.

left_out.py FILE: a log of ctest, Testing/Temporary/LastTest.log. Prints nothing where there is none.
"""

import re
import sys
from pathlib import Path

_BEGIN = re.compile(r"^\d+/\d+ Test: (.+)$")
_SKIP = re.compile(r"^\S+:\d+: Skipped$")
_SKIPPED = re.compile(r"^\[  SKIPPED \] (.+) \(\d+ ms\)$")
_RAN = re.compile(r"^\[==========\] (\d+) tests? from \d+ test suites? ran\.", re.MULTILINE)
# With verbosity=2; a case's first line of documentation stands on a line of its own, in front of the reason.
_UNITTEST = re.compile(r"^(\w+) \([\w.]+\)(?: \.\.\. .*)?$")
_UNITTEST_SKIPPED = re.compile(r"^.+ \.\.\. skipped (['\"])(.*)\1$")
_UNSAID = "no reason given"


def left_out(log):
    """(name, reason) of each skipped case, in the log's order."""
    found = []
    name, case, reason = "", "", None
    for line in log.splitlines():
        if begin := _BEGIN.match(line):
            name, case, reason = begin[1], "", None
            continue
        if begin := _UNITTEST.match(line):
            case = begin[1]
        if skipped := _UNITTEST_SKIPPED.match(line):
            found.append((f"{name}: {case}" if case else name, skipped[2] or _UNSAID))
        elif _SKIP.match(line):
            reason = []
        elif skipped := _SKIPPED.match(line):
            shown = name if "." in name else f"{name}: {skipped[1]}"  # a whole program, not one case
            found.append((shown, " ".join(reason or []) or _UNSAID))
            reason = None
        elif reason is not None and line.strip() and not line.startswith("["):  # what GoogleTest itself says
            reason.append(line.strip())
    return found


def cases(log):
    """How many cases of GoogleTest ran, and in how many tests of ctest."""
    ran = [int(count) for count in _RAN.findall(log)]
    return sum(ran), len(ran)


def main(path):
    if not path.is_file():
        return
    log = path.read_text(encoding="utf-8", errors="replace")
    for name, reason in left_out(log):
        print(f"left out: {name}: {reason}")
    count, tests = cases(log)
    if count > tests:
        print(f"cases of GoogleTest: {count}, in {tests} of these tests")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
