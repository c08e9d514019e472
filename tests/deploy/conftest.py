"""What the deploy tier shares: the table at its end."""

import pytest
from harness.results import rows, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    listed = (report for reports in terminalreporter.stats.values() for report in reports)
    results = rows(report for report in listed if isinstance(report, pytest.TestReport))
    terminalreporter.write_sep("=", "deploy")
    for line in table(results):
        terminalreporter.write_line(line)
