#!/usr/bin/env python3
"""The reason of every skipped case, and of no other, is read from a log of ctest."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from harness.left_out import cases, left_out


def case(name, output):
    """As ctest logs a case."""
    return (
        f"1/4 Testing: {name}\n1/4 Test: {name}\nOutput:\n----------\n[ RUN      ] {name}\n{output}"
        "[==========] 1 test from 1 test suite ran. (0 ms total)\n<end of output>\n----------\n"
    )


def skipped(name, reason):
    return f"/src/a_test.cpp:3: Skipped\n{reason}\n[  SKIPPED ] {name} (0 ms)\n"


def program(name, output, count):
    """As ctest logs a program with several cases."""
    return (
        f"2/4 Testing: {name}\n2/4 Test: {name}\nOutput:\n----------\n"
        f"[==========] Running {count} tests from 2 test suites.\n"
        f"{output}[==========] {count} tests from 2 test suites ran. (7 ms total)\n<end of output>\n----------\n"
    )


def unittest_case(name, output):
    """As ctest logs a test that is a program of unittest."""
    return f'1/4 Test: {name}\nCommand: "python3" "a_test.py"\nOutput:\n----------\n{output}OK (skipped=2)\n<end>\n'


class LeftOut(unittest.TestCase):
    def test_each_skipped_case_has_its_reason(self):
        log = case("A.Root", skipped("A.Root", "needs root: it mounts")) + case(
            "P/A.Two/1", "noise\n" + skipped("P/A.Two/1", "first line\nsecond line")
        )
        self.assertEqual(left_out(log), [("A.Root", "needs root: it mounts"), ("P/A.Two/1", "first line second line")])

    def test_a_skipped_case_without_a_reason_is_named(self):
        self.assertEqual(left_out(case("A.B", skipped("A.B", ""))), [("A.B", "no reason given")])

    def test_the_summary_names_no_case_again(self):
        summary = "[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] A.B\n"
        self.assertEqual(left_out(case("A.B", skipped("A.B", "why") + summary)), [("A.B", "why")])

    def test_a_case_that_passed_or_failed_is_not_named(self):
        passed = case("A.Passed", "[       OK ] A.Passed (0 ms)\n")
        failed = case("A.Failed", "a.cpp:3: Skipped\nb.cpp:4: Failure\n[  FAILED  ] A.Failed (0 ms)\n")
        self.assertEqual(left_out(passed + failed + passed), [])

    def test_skipped_cases_of_one_program_are_told_apart(self):
        output = skipped("A.B", "why") + "[ RUN      ] A.C\n[       OK ] A.C (0 ms)\n" + skipped("P/A.D/1", "")
        log = program("a_test", output, 3) + case("A.B", skipped("A.B", "why"))
        self.assertEqual(
            left_out(log), [("a_test: A.B", "why"), ("a_test: P/A.D/1", "no reason given"), ("A.B", "why")]
        )

    def test_a_case_of_unittest_has_its_reason(self):
        output = (
            "test_a (__main__.Unit.test_a) ... ok\n"
            "test_b (__main__.Unit.test_b) ... skipped 'systemd is not installed'\n"
            'test_c (__main__.Unit.test_c)\nWhat it is. ... skipped "it\'s not here"\n'
            "test_d (__main__.Unit.test_d) ... skipped ''\n"
        )
        self.assertEqual(
            left_out(unittest_case("Install", output) + case("A.B", skipped("A.B", "why"))),
            [
                ("Install: test_b", "systemd is not installed"),
                ("Install: test_c", "it's not here"),
                ("Install: test_d", "no reason given"),
                ("A.B", "why"),
            ],
        )


class Cases(unittest.TestCase):
    def test_those_of_a_program_count_one_by_one(self):
        log = program("a_test", "", 41) + case("A.B", "") + unittest_case("Install", "")
        self.assertEqual(cases(log), (42, 2))


if __name__ == "__main__":
    unittest.main()
