"""A machine that has booted systemd with the package at hand, and a broker that it can reach."""

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from deploy.releases import package_of
from harness.admin import Admin
from harness.broker import Broker
from harness.debian import RELEASES, Unavailable
from harness.lab import Lab
from harness.machine import Machine, why_not, with_systemd
from harness.packages import dependencies, next_version
from harness.poll import wait_until

_START_TIMEOUT_S = 30.0


_RELEASES = [pytest.param(release, marks=pytest.mark.xdist_group(f"machine-{release}")) for release in RELEASES]


@pytest.fixture(scope="session", params=_RELEASES)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """With the package in /share, as firstseen.deb and with a higher version as next.deb. What it depends on is there
    already: nothing is fetched. All tests of one release come before those of the next."""
    if reason := why_not():
        pytest.skip(reason)
    built = package_of(request.param, "firstseen")
    with ExitStack() as stack:
        try:
            booted = stack.enter_context(Machine(with_systemd(request.param, dependencies(built))))
        except Unavailable as reason:
            pytest.skip(str(reason))
        shutil.copy(built, booted.share / "firstseen.deb")
        shutil.move(next_version(built, booted.share), booted.share / "next.deb")
        yield booted


@pytest.fixture(scope="session")
def installed(machine: Machine) -> Machine:
    machine.run("dpkg --install /share/firstseen.deb")
    return machine


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


@pytest.fixture
def outage(broker: Broker) -> Callable[[], AbstractContextManager]:
    """`with outage():` the broker is down, and is back behind it."""

    @contextmanager
    def down() -> Iterator[None]:
        broker.stop()
        try:
            yield
        finally:
            broker.start()

    return down


class Instance:
    """firstseen@NAME with a configuration, topics and a group of its own."""

    def __init__(self, machine: Machine, lab: Lab, name: str) -> None:
        self.machine, self.lab, self.name = machine, lab, name
        self.unit = f"firstseen@{name}"
        self.config = Path(f"/etc/firstseen/{name}.yaml")
        self.store = Path(f"/var/lib/firstseen/{name}")
        self.drop_in = f"/etc/systemd/system/{self.unit}.service.d"
        self.write(json.dumps(lab.config(store={"path": str(self.store)})))

    def write(self, configuration: str) -> None:
        (self.machine.share / "configuration").write_text(configuration)
        self.machine.run(f"install -m 640 -g firstseen /share/configuration {self.config}")

    def add(self, settings: str) -> None:
        """To [Service], of this instance alone."""
        (self.machine.share / "drop-in").write_text(f"[Service]\n{settings}\n")
        self.machine.run(f"install -D -m 644 /share/drop-in {self.drop_in}/test.conf && systemctl daemon-reload")

    def end(self) -> None:
        self.machine.run(f"systemctl stop {self.unit}", check=False)
        self.machine.run(f"rm -rf {self.drop_in} && systemctl daemon-reload")

    def systemctl(self, *words: str) -> None:
        self.machine.run(f"systemctl {' '.join(words)} {self.unit}")

    def shows(self, name: str) -> str:
        return self.machine.shows(self.unit, name)

    @property
    def pid(self) -> int:
        return int(self.shows("MainPID"))

    def started(self) -> "Instance":
        self.systemctl("start")
        return self

    def wait_state(self, state: str, timeout_s: float = _START_TIMEOUT_S) -> None:
        try:
            wait_until(lambda: self.shows("ActiveState") == state, f"{self.unit} is {state}", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.journal()}") from None

    def wait_new_process(self, old_pid: int, timeout_s: float = _START_TIMEOUT_S) -> None:
        """Until another process than `old_pid` is ready."""
        wait_until(lambda: self.pid not in {0, old_pid}, f"{self.unit} has a new process", timeout_s)
        self.wait_state("active", timeout_s)

    def store_file(self) -> str:
        """Which file the store is in: another one has another number."""
        return self.machine.run(f"stat --format=%i {self.store}/slot-0/data.mdb").stdout.strip()

    def rebuilt(self) -> int:
        """Messages whose keys this process has read from the input again, since its store did not know them."""
        status = self.machine.run(f"firstseen status --store {self.store} --json").stdout
        return json.loads(status)["counters"]["rebuilt"]

    def journal(self) -> str:
        return self.machine.run(f"journalctl --no-pager --lines=200 --unit={self.unit}").stdout


_names = (f"orders{number}" for number in itertools.count(1))


@pytest.fixture
def make_instance(installed: Machine, broker: Broker, tmp_path: Path) -> Iterator[Callable[[], Instance]]:
    """Not yet started; all are stopped at the end."""
    made: list[Instance] = []

    def make() -> Instance:
        name = next(_names)
        lab = Lab(broker, Admin(broker.plaintext), tmp_path, name).topics(2)
        made.append(Instance(installed, lab, name))
        return made[-1]

    yield make
    for each in made:
        each.end()


@pytest.fixture
def instance(make_instance: Callable[[], Instance]) -> Instance:
    return make_instance()
