"""A browser, and a daemon in each of the states."""

from collections.abc import Iterator

import pytest
from deploy.browser import Browser
from deploy.states import STATES, Scene, State
from deploy.tools import chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    with Browser(program, tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(f"page-{name}")) for name in STATES]
)
def name(request: pytest.FixtureRequest) -> str:
    """Of a state."""
    return request.param


@pytest.fixture(scope="module")
def state(name: str) -> State:
    return STATES[name]


@pytest.fixture(scope="module")
def scene(state: State, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """In that state. Without a browser none is brought about."""
    with state.enter(tmp_path_factory.mktemp("daemon"), False) as entered:
        yield entered
