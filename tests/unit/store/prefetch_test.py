#!/usr/bin/env python3
"""The library as it was compiled fetches ahead what it is going to need: GCC leaves out calls of what only prefetches
when it sees the body (see lib/base/prefetch.h), and every other test passes all the same.

Usage: prefetch_test.py OBJDUMP LIBRARY"""

import re
import subprocess
import sys
import unittest

# Of x86 and of ARM.
_PREFETCH = re.compile(r"\t(prefetch\w*|prfm)\s")
_FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# What is fetched ahead, in which function or what is inlined into it, and by how many instructions at least.
_NEEDED = {
    "both lines of a digest, for a lookup": (r"GrowingIndex::prefetch\(", 2),
    "the line that a moved entry goes to": (r"GrowingIndex::move_run\(", 2),
    "what leads to an entry of the log, and both ends of it": (r"LiveLog::prefetch\(", 4),
}


def prefetches(objdump: str, library: str) -> dict[str, int]:
    """How many instructions each function has."""
    listing = subprocess.run(
        [objdump, "--disassemble", "--demangle", "--no-show-raw-insn", library],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: dict[str, int] = {}
    function = ""
    for line in listing.splitlines():
        if start := _FUNCTION.match(line):
            function = start[1]
            found.setdefault(function, 0)
        elif _PREFETCH.search(line):
            found[function] += 1
    return found


class Prefetch(unittest.TestCase):
    objdump = library = ""

    def test_what_is_needed_soon_is_fetched_ahead(self):
        found = prefetches(self.objdump, self.library)
        for what, (name, least) in _NEEDED.items():
            with self.subTest(what):
                of_function = [count for function, count in found.items() if re.search(name, function)]
                self.assertTrue(of_function, f"no function {name} in {self.library}")
                self.assertGreaterEqual(sum(of_function), least, f"{name} prefetches too little")


if __name__ == "__main__":
    Prefetch.objdump, Prefetch.library = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
