"""One broker for the whole run; every test uses topics, groups and a store of its own."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.admin import Admin
from harness.broker import Broker
from harness.lab import Lab

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


@pytest.fixture
def lab(broker: Broker, admin: Admin, tmp_path: Path, name: str) -> Iterator[Lab]:
    made = Lab(broker, admin, tmp_path, name)
    yield made
    made.close()


@pytest.fixture
def own_lab(tmp_path: Path, name: str) -> Iterator[Lab]:
    """A lab on a broker of its own, for tests that kill or stop the broker."""
    with Broker() as broker:
        made = Lab(broker, Admin(broker.plaintext), tmp_path, name)
        yield made
        made.close()
