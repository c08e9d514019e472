"""What the deploy tier shares: the table at its end, and what it does about tests that are left out."""

from collections.abc import Iterator

import pytest
from harness.results import fail_if_left_out, print_table


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    fail_if_left_out(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    print_table(terminalreporter, "deploy")
