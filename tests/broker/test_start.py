"""What is checked before anything is consumed, and what the operator is told."""

import pytest
from harness.admin import Admin
from harness.broker import SASL_PASSWORD, Broker
from harness.daemon import EXIT_CONFIG, EXIT_TRY_AGAIN
from harness.lab import Lab
from harness.librdkafka import is_librdkafkas_crash

_EXIT_TIMEOUT_S = 20
# The group's member must have heard that it is none there, or the producer that it is fenced.
_OTHER_CLUSTER_TIMEOUT_S = 90


def _refuses(lab: Lab, *words: str, **sections) -> None:
    daemon = lab.daemon(**sections).start()
    assert daemon.wait_exit(_EXIT_TIMEOUT_S) == EXIT_CONFIG, daemon.log_tail()
    daemon.wait_log(*words, timeout_s=1)


def test_a_missing_input_topic_is_named(lab: Lab):
    lab.admin.create_topic(lab.output)
    _refuses(lab, lab.input, "does not exist")


def test_a_missing_output_topic_is_named(lab: Lab):
    lab.admin.create_topic(lab.input)
    _refuses(lab, lab.output, "does not exist")


def test_a_missing_rejects_topic_is_named(lab: Lab):
    lab.admin.create_topic(lab.input)
    lab.admin.create_topic(lab.output)
    _refuses(lab, lab.rejects, "does not exist", rejects={"route": "topic", "topic": lab.rejects})


def test_an_output_with_too_few_partitions_is_refused(lab: Lab):
    lab.admin.create_topic(lab.input, 3)
    lab.admin.create_topic(lab.output, 2)
    _refuses(lab, lab.output, "2 partitions", "3")


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("max_message_bytes", 1000, "max.message.bytes"),
        ("message_timestamp_type", "LogAppendTime", "CreateTime"),
        ("cleanup_policy", "compact", "cleanup.policy"),
    ],
)
def test_an_output_that_would_not_carry_the_messages_is_refused(lab: Lab, setting: str, value: str | int, word: str):
    lab.admin.create_topic(lab.input)
    lab.admin.create_topic(lab.output, **{setting: value})
    _refuses(lab, lab.output, word)


def test_a_store_of_another_group_is_refused_and_left_as_it_was(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a")
    lab.drained()
    assert daemon.stop() == 0
    daemon.configure(lab.config(input={"group": f"{lab.group}.other"}))
    assert daemon.start().wait_exit(_EXIT_TIMEOUT_S) == EXIT_CONFIG, daemon.log_tail()
    daemon.wait_log("group", timeout_s=1)
    daemon.configure(lab.config())
    daemon.start()
    lab.send("a", "b")
    lab.drained()
    lab.assert_exact()


def test_a_store_of_another_cluster_is_refused(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a")
    lab.drained()
    assert daemon.stop() == 0
    with Broker(heap_mb=256) as other:
        admin = Admin(other.plaintext)
        for topic in (lab.input, lab.output):
            admin.create_topic(topic)
        daemon.configure(lab.config(kafka={"brokers": [other.plaintext]}))
        assert daemon.start().wait_exit(_EXIT_TIMEOUT_S) == EXIT_CONFIG, daemon.log_tail()
    daemon.wait_log("cluster", timeout_s=1)


def test_another_cluster_at_the_same_address_ends_a_running_daemon(own_lab: Lab):
    before = own_lab.topics()
    daemon = before.daemon(input={"on_gap": "skip"}).start()
    before.send("a")
    before.drained()
    before.broker.stop()
    before.broker.become_another()
    before.broker.start()
    name = before.input.removesuffix(".in")
    after = Lab(before.broker, Admin(before.broker.plaintext), before.directory / "after", name).topics()
    after.send("a")
    status = daemon.wait_exit(_OTHER_CLUSTER_TIMEOUT_S)
    if status != EXIT_CONFIG and is_librdkafkas_crash(daemon, status):
        status = daemon.start().wait_exit(_EXIT_TIMEOUT_S)  # as systemd and Kubernetes do
    assert status == EXIT_CONFIG, daemon.log_tail()
    daemon.wait_log("cluster: the store has", timeout_s=1)
    assert after.published() == []


def test_a_store_of_another_key_configuration_is_refused(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a")
    lab.drained()
    assert daemon.stop() == 0
    daemon.configure(lab.config(key={"fields": ["record_key"]}))
    assert daemon.start().wait_exit(_EXIT_TIMEOUT_S) == EXIT_CONFIG, daemon.log_tail()
    daemon.wait_log("key", timeout_s=1)


def test_a_second_daemon_on_one_store_is_asked_to_try_again(lab: Lab):
    lab.topics()
    first = lab.daemon().start()
    lab.send("a")
    lab.drained()
    second = lab.daemon(store={"path": str(first.store_path)})
    second.start()
    assert second.wait_exit(_EXIT_TIMEOUT_S) == EXIT_TRY_AGAIN, second.log_tail()
    lab.send("a", "b")
    lab.drained()
    lab.assert_exact()


def test_a_wrong_password_is_named_and_not_shown(lab: Lab):
    lab.topics()
    properties = lab.broker.sasl_properties("PLAIN", password="not-" + SASL_PASSWORD)
    daemon = lab.daemon(kafka={"brokers": [lab.broker.sasl_ssl], "properties": properties}).start()
    daemon.wait_log("authentication")
    assert SASL_PASSWORD not in daemon.log_text()
    assert daemon.stop(timeout_s=10) == 0


def test_a_broker_that_is_down_at_the_start_is_waited_for(own_lab: Lab):
    own_lab.topics()
    own_lab.send("a", "b", "a")
    own_lab.broker.stop()
    daemon = own_lab.daemon().start()
    daemon.wait_log("waiting", "broker")
    own_lab.broker.start()
    own_lab.drained()
    assert daemon.stop() == 0
    own_lab.assert_exact()
