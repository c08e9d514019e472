"""A topic in, only its first-seen messages out, readable by everybody's tools."""

import json
import subprocess
import time

import pytest
from confluent_kafka import Producer
from harness.broker import SASL_PASSWORD
from harness.lab import Lab
from harness.librdkafka import librdkafka_version
from harness.poll import wait_until
from harness.reader import read_topic
from harness.stream import Stream

_CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
_CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
_HOUR_MS = 3_600_000
_SCRAM_WITH_KAFKA_4 = (2, 6, 1)  # librdkafka pull request 4895


def test_a_random_stream_is_cleaned_exactly(lab: Lab):
    lab.topics(partitions=4)
    daemon = lab.daemon().start()
    Stream(lab.account, lab.input, partitions=4, seed=7).send(20000)
    lab.account.flush()
    lab.drained()
    assert daemon.stop() == 0
    report = lab.assert_exact()
    assert report.first_seen < report.messages


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_a_stream_over_sasl_ssl_is_cleaned_exactly(lab: Lab, mechanism: str):
    if mechanism.startswith("SCRAM") and librdkafka_version() < _SCRAM_WITH_KAFKA_4:
        pytest.skip("librdkafka before 2.6.1 repeats its SCRAM nonce, which brokers from Kafka 4.0 on refuse")
    lab.topics(partitions=2)
    properties = lab.broker.sasl_properties(mechanism)
    daemon = lab.daemon(kafka={"brokers": [lab.broker.sasl_ssl], "properties": properties}).start()
    Stream(lab.account, lab.input, partitions=2, seed=8).send(2000)
    lab.account.flush()
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact()
    assert SASL_PASSWORD not in daemon.log_text()


def test_kcat_and_the_console_consumer_read_exactly_the_first_seen_messages(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a", "b", "a", "c", "b", "d")
    lab.drained()
    daemon.stop()
    expected = ['{"id": "a"}', '{"id": "b"}', '{"id": "c"}', '{"id": "d"}']
    kcat = subprocess.run(
        [
            "kcat",
            "-C",
            "-q",
            "-e",
            "-b",
            lab.broker.plaintext,
            "-t",
            lab.output,
            "-o",
            "beginning",
            "-X",
            "isolation.level=read_committed",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert kcat.stdout.splitlines() == expected
    console = lab.broker.tool(
        _CONSOLE_CONSUMER,
        "--bootstrap-server",
        lab.broker.plaintext,
        "--topic",
        lab.output,
        "--from-beginning",
        "--isolation-level",
        "read_committed",
        "--max-messages",
        "4",
        "--timeout-ms",
        "20000",
    )
    assert console.splitlines() == expected


def test_kafka_consumer_groups_shows_the_offsets_and_no_lag(lab: Lab):
    lab.topics()
    lab.daemon().start()
    lab.send("a", "b", "a")
    lab.drained()
    shown = lab.broker.tool(
        _CONSUMER_GROUPS, "--bootstrap-server", lab.broker.plaintext, "--describe", "--group", lab.group
    )
    row = next(line.split() for line in shown.splitlines() if lab.input in line)
    assert row[:6] == [lab.group, lab.input, "0", "3", "3", "0"]  # ... CURRENT-OFFSET LOG-END-OFFSET LAG


def test_a_duplicate_older_than_the_window_is_published_again(lab: Lab):
    lab.topics()
    daemon = lab.daemon(window={"ttl": "1h"}).start()
    now_ms = int(time.time() * 1000) - 5 * _HOUR_MS
    lab.send("a", timestamp_ms=now_ms)
    lab.send("a", timestamp_ms=now_ms + _HOUR_MS)
    lab.send("b", timestamp_ms=now_ms + 2 * _HOUR_MS + 1)
    expected = [*lab.account.sent]
    lab.send_value(b'{"id": "a"}', "a in its second window", timestamp_ms=now_ms + 2 * _HOUR_MS + 2)
    lab.drained()
    daemon.stop()
    lab.assert_exact([*expected, lab.account.sent[-1]])


def test_messages_of_an_aborted_producer_transaction_are_not_published(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    lab.send("a")
    producer = Producer({"bootstrap.servers": lab.broker.plaintext, "transactional.id": f"{lab.group}.producer"})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(lab.input, value=b'{"id": "never"}', partition=0)
    producer.flush()
    producer.abort_transaction()
    lab.send("b", "a")
    # Four messages and the marker that says of one of them that it does not count.
    wait_until(lambda: lab.admin.end_offsets(lab.input) == {0: 5}, "the abort marker is in the log")
    lab.drained()
    daemon.stop()
    lab.assert_exact()


def test_duplicates_take_the_side_topic_with_the_place_of_the_first(lab: Lab):
    lab.topics()
    daemon = lab.daemon(duplicates={"route": "topic", "topic": lab.duplicates}).start()
    lab.send("a", "b", headers=(("h", None),))
    lab.send("a", headers=(("h", b"2"),), key=b"k")
    lab.drained()
    daemon.stop()
    lab.assert_exact()
    [duplicate] = read_topic(lab.broker.plaintext, lab.duplicates)
    source = lab.account.sent[-1].record
    assert duplicate[3:6] == source[3:6]  # timestamp, key and value
    assert duplicate.headers[:1] == source.headers
    added = dict(duplicate.headers[1:])
    assert added["firstseen.offset"] == b"2"
    assert added["firstseen.first"] == f"{lab.input}[0]@0".encode()


def test_a_pattern_and_a_name_select_their_topics_and_never_kafkas_own(lab: Lab):
    lab.topics()
    named = lab.admin.create_topic(f"{lab.input}.named")
    pattern = f"^__|^{lab.group.removesuffix('group')}in$"
    daemon = lab.daemon(input={"topics": [pattern, named]}, key={"scope": "none"}).start()
    lab.send("a", "b", "a")
    lab.account.send(named, 0, ident="b", value=b'{"id":"b"}')
    lab.account.flush()
    lab.drained()
    lab.admin.wait_drained(lab.group, named)
    status = json.loads(daemon.command("status", "--json").stdout)
    assert {partition["topic"] for partition in status["partitions"]} == {lab.input, named}
    assert [json.loads(record.value)["id"] for record in lab.published()] == ["a", "b"]
