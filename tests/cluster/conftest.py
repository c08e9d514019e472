"""What the cluster tier shares: one node with one broker beside it, the table at its end, and steps that build on those
before them. Everything runs in the namespaces that run.py makes."""

from collections.abc import Iterator

import pytest
from cluster.kube import diagnosis
from cluster.node import Node
from cluster.release import NAMESPACE, Release
from cluster.space import ADDRESS, STATE
from cluster.traffic import Traffic
from deploy.images import Image, place
from harness.broker import Broker
from harness.results import print_table

_failed: list[str] = []
"""Steps, the first of them first."""
_streams: list[Traffic] = []


def pytest_sessionstart() -> None:
    if not STATE.is_dir():
        pytest.exit("the cluster tests run in namespaces of their own: ./dev test cluster", 1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _failed and item.get_closest_marker("steps"):
        pytest.skip(f"a step before it failed: {_failed[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        if item.get_closest_marker("steps"):
            _failed.append(item.name.removeprefix("test_").replace("_", " "))
        report.sections.append(("the cluster", diagnosis(NAMESPACE)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    print_table(terminalreporter, "cluster")
    for stream in _streams:
        terminalreporter.write_line(f"the output at the end: {stream.summary}")


@pytest.fixture(scope="session")
def node() -> Node:
    return Node().start()


@pytest.fixture(scope="session")
def traffic() -> Iterator[Traffic]:
    """Apache Kafka, where the pods reach it, and what is sent to it."""
    broker = Broker(host=ADDRESS)
    try:
        broker.start(wait=False).wait_ready(180)
        _streams.append(Traffic(broker))
        yield _streams[0]
    finally:
        broker.close()


@pytest.fixture(scope="session")
def image(node: Node) -> str:
    """The name of the image, which the node has now."""
    if not (place() / "firstseen.oci.tar").is_file():
        pytest.skip(f"no image in {place()}: ./dev package image builds one, as root")
    node.load(place() / "firstseen.oci.tar")
    return Image(place() / "oci").described["annotations"]["io.containerd.image.name"]


@pytest.fixture(scope="session")
def release(image: str, traffic: Traffic, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Not yet installed."""
    return Release(image, traffic, tmp_path_factory.mktemp("release"))
