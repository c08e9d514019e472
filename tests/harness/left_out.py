#!/usr/bin/env python3
"""Prints why cases of GoogleTest and of unittest were skipped, one line each: ctest names those of GoogleTest without a
reason, and those of unittest not at all.

left_out.py FILE: a log of ctest, Testing/Temporary/LastTest.log. Prints nothing where there is none.
"""

import re
import sys
from pathlib import Path

_BEGIN = re.compile(r"^\d+/\d+ Test: (.+)$")
_SKIP = re.compile(r"^\S+:\d+: Skipped$")
_SKIPPED = re.compile(r"^\[  SKIPPED \] .+ \(\d+ ms\)$")
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
        elif _SKIPPED.match(line):
            found.append((name, " ".join(reason or []) or _UNSAID))
            reason = None
        elif reason is not None and line.strip() and not line.startswith("["):  # what GoogleTest itself says
            reason.append(line.strip())
    return found


def main(path):
    if not path.is_file():
        return
    for name, reason in left_out(path.read_text(encoding="utf-8", errors="replace")):
        print(f"left out: {name}: {reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
