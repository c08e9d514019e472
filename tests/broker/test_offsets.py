"""Operators move offsets, groups vanish, logs are cut: nothing is published twice, and gaps are never silent."""

import json

import pytest
from confluent_kafka import Producer
from harness.daemon import Daemon
from harness.lab import FAST_SESSION, Lab

_FAST = {"properties": FAST_SESSION}


def _daemon(lab: Lab, **sections) -> Daemon:
    return lab.daemon(kafka=_FAST, **sections)


def _stop_and_leave_group(lab: Lab, daemon: Daemon) -> None:
    assert daemon.stop() == 0, daemon.log_tail()
    lab.admin.wait_group_empty(lab.group)


def test_offsets_set_back_by_an_operator_publish_nothing_again(lab: Lab):
    lab.topics(partitions=2)
    daemon = _daemon(lab).start()
    lab.send(*range(50), partition=0)
    lab.send(*range(25, 75), partition=1)
    lab.drained()
    _stop_and_leave_group(lab, daemon)
    lab.admin.set_committed(lab.group, lab.input, {0: 0, 1: 10})
    daemon.start()
    lab.send("new", 3, 60)
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact()


def test_offsets_set_forward_skip_messages_but_remember_their_keys(lab: Lab):
    lab.topics()
    daemon = _daemon(lab).start()
    lab.send("a", "b")
    lab.drained()
    _stop_and_leave_group(lab, daemon)
    before = [*lab.account.sent]
    lab.send("skipped 1", "skipped 2")
    lab.admin.set_committed(lab.group, lab.input, {0: 4})
    lab.send("c", "skipped 1", "a", "d")
    daemon.start()
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([*before, *(sent for sent in lab.account.sent[4:] if sent.ident in {"c", "d"})])


def test_offsets_set_to_an_end_behind_an_open_transaction_are_waited_for(lab: Lab):
    lab.topics()
    daemon = _daemon(lab).start()
    lab.send("a", "b")
    lab.drained()
    _stop_and_leave_group(lab, daemon)
    lab.send("skipped")
    producer = Producer({"bootstrap.servers": lab.broker.plaintext, "transactional.id": f"{lab.group}.producer"})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(lab.input, value=b'{"id": "never"}', partition=0)
    producer.flush()
    lab.admin.set_committed(lab.group, lab.input, {0: 4})  # read_committed, the log ends at 3
    daemon.start()
    daemon.wait_log("1 messages of history recorded")
    lab.send("c", "skipped")
    producer.abort_transaction()
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident != "skipped"])


def test_a_deleted_group_goes_on_from_the_store(lab: Lab):
    lab.topics(partitions=2)
    daemon = _daemon(lab).start()
    lab.send("a", "b", "a")
    lab.drained()
    _stop_and_leave_group(lab, daemon)
    lab.admin.delete_group(lab.group)
    lab.send("c", "b")
    lab.send("d", "a", partition=1)
    daemon.start()
    daemon.wait_log("group has lost its offset")
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact()


def _truncated(lab: Lab) -> Daemon:
    """A stopped daemon; of partition 0 the messages 2 to 4 were deleted before it read them."""
    lab.topics(partitions=2)
    daemon = _daemon(lab).start()
    lab.send("a", "b")
    lab.drained()
    assert daemon.stop() == 0
    lab.send("removed 1", "removed 2", "removed 3", "c", "a")
    lab.admin.delete_records(lab.input, 0, before_offset=5)
    lab.send("elsewhere", partition=1)
    return daemon


def test_messages_removed_by_retention_stop_their_partition_alone(lab: Lab):
    daemon = _truncated(lab)
    daemon.start()
    daemon.wait_log(f"{lab.input}[0]", "on_gap", "5")
    lab.admin.wait_committed(lab.group, lab.input, {0: 2, 1: 1})
    assert daemon.running()
    assert daemon.stop() == 0
    assert {record.value for record in lab.published() if record.partition == 1} == {b'{"id": "elsewhere"}'}


def test_on_gap_skip_goes_on_behind_removed_messages_and_says_so(lab: Lab):
    daemon = _truncated(lab)
    daemon.configure(lab.config(input={"on_gap": "skip"}))
    daemon.start()
    daemon.wait_log(f"{lab.input}[0]", "on_gap", "skip")
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if not str(sent.ident).startswith("removed")])


def _removed_ahead_of_a_running_daemon(lab: Lab, **sections) -> Daemon:
    """It is held at a rejected message, offset 2, while that and the next are removed; then it is told to go on."""
    lab.topics(partitions=2)
    daemon = _daemon(lab, **sections).start()
    lab.send("a", "b")
    lab.drained()
    poison = lab.send_value(b"{", "poison")
    daemon.wait_log(str(poison.offset), "malformed_json")
    lab.send("removed", "c", "a")
    lab.admin.delete_records(lab.input, 0, before_offset=4)
    skipped = daemon.command("skip", lab.input, "0", str(poison.offset))
    assert skipped.returncode == 0, skipped.stderr
    return daemon


def test_messages_removed_ahead_of_a_running_daemon_stop_their_partition_alone(lab: Lab):
    daemon = _removed_ahead_of_a_running_daemon(lab)
    daemon.wait_log(f"{lab.input}[0]", "offset 2 is needed but the log begins at 4", "set input.on_gap to skip")
    lab.send("elsewhere", partition=1)
    lab.admin.wait_committed(lab.group, lab.input, {0: 2, 1: 1})
    assert daemon.running()
    assert daemon.stop() == 0
    idents = {json.loads(record.value)["id"] for record in lab.published()}
    assert idents == {"a", "b", "elsewhere"}, "nothing was jumped over"


def test_a_running_daemon_with_on_gap_skip_goes_on_behind_removed_messages(lab: Lab):
    daemon = _removed_ahead_of_a_running_daemon(lab, input={"on_gap": "skip"})
    daemon.wait_log(f"{lab.input}[0]", "2 offsets were removed", "going on at offset 4")
    lab.drained()
    assert daemon.running()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident not in {"poison", "removed"}])


def test_removal_of_what_was_read_costs_a_running_daemon_nothing(lab: Lab):
    lab.topics()
    daemon = _daemon(lab).start()
    lab.send("a", "b")
    lab.drained()
    lab.admin.delete_records(lab.input, 0, before_offset=2)
    lab.send("b", "c", "a")
    lab.drained()
    assert "on_gap" not in daemon.log_text()
    assert daemon.stop() == 0
    daemon.start()
    lab.send("c", "d")
    lab.drained()
    assert "on_gap" not in daemon.log_text()
    assert daemon.stop() == 0
    lab.assert_exact()


def test_messages_removed_while_it_is_stopped_at_a_rejected_one_stop_the_partition(lab: Lab):
    lab.topics()
    daemon = _daemon(lab).start()
    lab.send("a", "b")
    lab.drained()
    poison = lab.send_value(b"{", "poison")  # holds the partition, so that what follows is not yet read
    lab.send("removed", "c")
    daemon.wait_log(str(poison.offset), "malformed_json")
    assert daemon.stop() == 0
    lab.admin.delete_records(lab.input, 0, before_offset=4)
    daemon.start()
    daemon.wait_log(f"{lab.input}[0]", "on_gap")
    assert [record.value for record in lab.published()] == [b'{"id": "a"}', b'{"id": "b"}']


@pytest.mark.parametrize("new_messages", [1, 3, 10])
def test_a_topic_made_anew_stops_the_partition(lab: Lab, new_messages: int):
    """Whether its new log is still shorter than the old offset, as long, or longer."""
    lab.topics()
    daemon = _daemon(lab).start()
    lab.send("a", "b", "c")
    lab.drained()
    _stop_and_leave_group(lab, daemon)
    lab.admin.delete_topic(lab.input)
    lab.admin.create_topic(lab.input)
    lab.send(*(f"anew {number}" for number in range(new_messages)))
    daemon.start()
    daemon.wait_log(f"{lab.input}[0]", "made anew")
    assert daemon.running()
    assert daemon.stop() == 0
    assert len(lab.published()) == 3


def test_a_new_input_partition_without_an_output_partition_waits_for_it(lab: Lab):
    lab.topics(partitions=1)
    properties = {**FAST_SESSION, "topic.metadata.refresh.interval.ms": "500"}
    daemon = lab.daemon(kafka={"properties": properties}).start()
    lab.send("a")
    lab.drained()
    lab.admin.add_partitions(lab.input, 2)
    lab.send("b", "a", partition=1)
    daemon.wait_log(f"{lab.input}[1]", "output topic", "partitions")
    lab.send("c", "a")
    lab.admin.wait_committed(lab.group, lab.input, {0: 3, 1: 0})  # its start: nothing that arrives is skipped
    assert len(lab.published()) == 2
    assert daemon.stop() == 0
    lab.admin.add_partitions(lab.output, 2)
    daemon.start()
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact()


def test_a_new_input_partition_is_read_from_its_beginning(lab: Lab):
    lab.topics(partitions=1)
    lab.admin.add_partitions(lab.output, 2)
    properties = {"topic.metadata.refresh.interval.ms": "500"}
    daemon = lab.daemon(kafka={"properties": properties}, input={"start": "latest"}).start()
    lab.admin.wait_committed(lab.group, lab.input, {0: 0})
    lab.send("a")
    lab.drained()
    lab.admin.add_partitions(lab.input, 2)
    lab.send("b", "a", partition=1)
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact()


def test_an_empty_store_behind_committed_offsets_is_rebuilt_from_the_input(lab: Lab):
    lab.topics(partitions=2)
    lab.daemon("a").start()
    lab.send(*range(100))
    lab.send(*range(100, 200), partition=1)
    lab.drained()
    lab.close()
    other = lab.daemon("b", run={"instance": "a"}).start()
    lab.send(*range(0, 200, 3), "new")
    lab.drained()
    assert other.stop() == 0
    lab.assert_exact()
