"""What the deploy tier shares: the table at its end."""

import pytest
from harness.results import print_table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    print_table(terminalreporter, "deploy")
