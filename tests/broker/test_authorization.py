"""On a broker that lets nobody do anything unasked: the permissions that the README lists are enough, a missing one is
named, and one that is taken away from a running daemon costs nothing once it is given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AclOperation, ResourceType
from harness.admin import Admin
from harness.broker import SASL_PASSWORD, SASL_USER, Broker
from harness.daemon import EXIT_UNAVAILABLE
from harness.lab import Lab
from harness.poll import wait_until
from harness.stream import Stream

_AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",  # the harness, on the listener without authentication
}


@pytest.fixture(scope="module")
def strict_broker() -> Iterator[Broker]:
    with Broker(settings=_AUTHORIZER) as running:
        yield running


@pytest.fixture
def strict_lab(strict_broker: Broker, tmp_path: Path, name: str) -> Iterator[Lab]:
    made = Lab(strict_broker, Admin(strict_broker.plaintext), tmp_path, name).topics()
    yield made
    made.close()


def _rules(lab: Lab) -> list[tuple[ResourceType, str, AclOperation]]:
    """The README's table."""
    topic, group, transaction = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID
    destinations = (lab.output, lab.duplicates, lab.rejects)
    return [
        *((topic, lab.input, operation) for operation in (AclOperation.READ, AclOperation.DESCRIBE)),
        *((topic, name, AclOperation.WRITE) for name in destinations),
        *((topic, name, AclOperation.DESCRIBE) for name in destinations),
        (group, lab.group, AclOperation.READ),
        (transaction, f"firstseen-{lab.group}-*", AclOperation.WRITE),
        (transaction, f"firstseen-{lab.group}-*", AclOperation.DESCRIBE),
    ]


def _allow(lab: Lab, rules: list[tuple[ResourceType, str, AclOperation]]) -> None:
    for resource, name, operation in rules:
        lab.admin.allow(SASL_USER, resource, name, operation)


def _daemon(lab: Lab):
    return lab.daemon(
        kafka={"brokers": [lab.broker.sasl_ssl], "properties": lab.broker.sasl_properties("PLAIN")},
        duplicates={"route": "topic", "topic": lab.duplicates},
        rejects={"route": "topic", "topic": lab.rejects},
    )


def test_the_permissions_of_the_readme_suffice(strict_lab: Lab):
    _allow(strict_lab, _rules(strict_lab))
    for topic in (strict_lab.input, strict_lab.output, strict_lab.duplicates, strict_lab.rejects):
        strict_lab.admin.allow(SASL_USER, ResourceType.TOPIC, topic, AclOperation.DESCRIBE_CONFIGS)
    daemon = _daemon(strict_lab).start()
    strict_lab.send("a", "b", "a")
    strict_lab.drained()
    strict_lab.assert_exact()
    assert len(strict_lab.published(strict_lab.duplicates)) == 1
    assert "could not be checked" not in daemon.log_text()
    assert daemon.stop() == 0


def test_without_describe_configs_the_daemon_works_and_says_what_it_could_not_check(strict_lab: Lab):
    _allow(strict_lab, _rules(strict_lab))
    daemon = _daemon(strict_lab).start()
    strict_lab.send("a", "b", "a")
    strict_lab.drained()
    strict_lab.assert_exact()
    for topic in (strict_lab.input, strict_lab.output):
        assert "warning" in daemon.wait_log(topic, "could not be checked", "lacks the permission DescribeConfigs")
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("resource", "operation", "words"),
    [
        (ResourceType.TOPIC, AclOperation.READ, ("topic authorization",)),
        (ResourceType.TOPIC, AclOperation.WRITE, ("topic authorization",)),
        (ResourceType.GROUP, AclOperation.READ, ("group authorization",)),
        (ResourceType.TRANSACTIONAL_ID, AclOperation.WRITE, ("transactional id authorization",)),
    ],
)
def test_a_missing_permission_is_named_and_nothing_is_lost_once_it_is_given(
    strict_lab: Lab, resource: ResourceType, operation: AclOperation, words: tuple[str, ...]
):
    rules = _rules(strict_lab)
    missing = [rule for rule in rules if rule[0] == resource and rule[2] == operation]
    assert missing
    _allow(strict_lab, [rule for rule in rules if rule not in missing])
    daemon = _daemon(strict_lab).start()
    strict_lab.send("a", "b", "a")
    daemon.wait_log(*words)
    assert daemon.wait_exit() == EXIT_UNAVAILABLE
    _allow(strict_lab, missing)
    daemon.start()
    strict_lab.drained()
    strict_lab.assert_exact()


@pytest.mark.parametrize("operations", [(AclOperation.READ,), (AclOperation.READ, AclOperation.DESCRIBE)])
def test_reading_the_input_forbidden_for_a_while_stops_its_partition_until_it_is_allowed_again(
    strict_lab: Lab, operations: tuple[AclOperation, ...]
):
    _allow(strict_lab, _rules(strict_lab))
    daemon = _daemon(strict_lab).start()
    strict_lab.send("a", "b")
    strict_lab.drained()
    for operation in operations:
        strict_lab.admin.forbid(SASL_USER, ResourceType.TOPIC, strict_lab.input, operation)
    daemon.wait_log(f"{strict_lab.input}[0] cannot be read", "trying again")
    strict_lab.send("a", "c")
    strict_lab.admin.allow(SASL_USER, ResourceType.TOPIC, strict_lab.input, *operations)
    strict_lab.drained()
    daemon.wait_log(f"{strict_lab.input}[0] is read again")
    strict_lab.assert_exact()
    assert daemon.running()
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("resource", "operation", "words"),
    [
        (ResourceType.TOPIC, AclOperation.WRITE, ("topic authorization", "grant this user")),
        (ResourceType.GROUP, AclOperation.READ, ("group authorization", "grant this user Read on the consumer group")),
        (ResourceType.TRANSACTIONAL_ID, AclOperation.WRITE, ("transactional id authorization", "grant this user")),
    ],
)
def test_a_permission_taken_from_a_running_daemon_ends_it_and_nothing_is_lost_once_it_is_given_back(
    strict_lab: Lab, resource: ResourceType, operation: AclOperation, words: tuple[str, ...]
):
    rules = _rules(strict_lab)
    taken = [rule for rule in rules if rule[0] == resource and rule[2] == operation]
    _allow(strict_lab, rules)
    daemon = _daemon(strict_lab).start()
    strict_lab.send("a", "b")
    strict_lab.drained()
    for rule in taken:
        strict_lab.admin.forbid(SASL_USER, *rule)
    strict_lab.send("a", "c", "b", "d")
    daemon.wait_log(*words)
    assert daemon.wait_exit() == EXIT_UNAVAILABLE
    _allow(strict_lab, taken)
    daemon.start()
    strict_lab.send("e", "d")
    strict_lab.drained()
    assert daemon.stop() == 0
    strict_lab.assert_exact()


def _restart_with_password(broker: Broker, password: str) -> None:
    broker.stop()
    broker.change_password(password)
    broker.start()


def test_a_login_refused_to_a_running_daemon_for_a_while_costs_nothing(own_lab: Lab):
    """The broker comes back with another password for the daemon's user, and later with the right one again."""
    own_lab.topics(partitions=2)
    broker = own_lab.broker
    daemon = own_lab.daemon(kafka={"brokers": [broker.sasl_ssl], "properties": broker.sasl_properties("PLAIN")}).start()
    stream = Stream(own_lab.account, own_lab.input, 2, seed=5)
    stream.send(3000)
    wait_until(own_lab.published, "something is published")
    _restart_with_password(broker, "another")
    stream.send(500)
    own_lab.account.flush()
    daemon.wait_log("authentication")
    published = len(own_lab.published())
    assert published < own_lab.report().first_seen, "it has not read on"
    assert daemon.running()
    _restart_with_password(broker, SASL_PASSWORD)
    stream.send(500)
    own_lab.account.flush()
    own_lab.drained(90)
    assert daemon.running()
    assert daemon.stop() == 0
    assert len(own_lab.published()) > published
    own_lab.assert_exact()
    assert SASL_PASSWORD not in daemon.log_text()
