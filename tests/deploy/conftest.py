"""What the deploy tier shares: how its tests are divided among processes, the table at its end, and what it does about
tests that are left out."""

from collections.abc import Iterator

import pytest
from harness.results import fail_if_left_out, print_table

# What takes longest is begun first, so that nobody waits for one of them alone at the end.
_BEGUN_FIRST = ("machine", "library", "page")


def _group(item: pytest.Item) -> str:
    """One process runs all tests of a group, in their order. The marker's, or else the file."""
    marker = item.get_closest_marker("xdist_group")
    return marker.args[0] if marker else f"{item.path.parent.name}/{item.path.stem}"


def _rank(item: pytest.Item) -> int:
    kind = _group(item).partition("-")[0]
    return _BEGUN_FIRST.index(kind) if kind in _BEGUN_FIRST else len(_BEGUN_FIRST)


def pytest_itemcollected(item: pytest.Item) -> None:
    if not item.get_closest_marker("xdist_group"):
        item.add_marker(pytest.mark.xdist_group(_group(item)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    fail_if_left_out(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    print_table(terminalreporter, "deploy")
