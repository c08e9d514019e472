"""One broker for the whole run; every test uses topics, groups and a store of its own."""

import itertools
from collections.abc import Iterator

import pytest

from harness.admin import Admin
from harness.broker import Broker

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


@pytest.fixture(scope="session")
def admin(broker: Broker) -> Admin:
    return Admin(broker.plaintext)


@pytest.fixture
def name() -> str:
    """A name that no other test uses, for topics and groups."""
    return f"t{next(_numbers)}"
