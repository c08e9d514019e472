"""Messages without a key, or that the output cannot take: the rejects route, never a crash, never a silent drop."""

import json
import random
import shlex
import subprocess
import time

import pytest
from harness.lab import Lab
from harness.paths import firstseen_binary
from harness.record import Record
from harness.stream import incompressible

_DEEP = b'{"id": ' + b"[" * 10000 + b"1" + b"]" * 10000 + b"}"

_WITHOUT_KEY = {
    "malformed_json": b"{not json",
    "repeated_member": b'{"id": 1, "id": 2}',
    "invalid_utf8": b'{"id": "\xff"}',
    "nested_too_deeply": _DEEP,
    "null_value": None,
    "missing_member": b'{"other": 1}',
    "trailing_data": b'{"id": 1} x',
    "empty_document": b"",
}


def _reasons(rejects: list[Record]) -> list[str]:
    return [record.header("firstseen.reason").decode() for record in rejects]


def test_route_topic_keeps_every_poison_message_and_says_why(lab: Lab):
    lab.topics()
    lab.daemon(rejects={"route": "topic", "topic": lab.rejects}).start()
    lab.send("a")
    poison = [
        lab.send_value(value, f"poison {reason}", headers=(("own", None),), key=b"")
        for reason, value in _WITHOUT_KEY.items()
    ]
    lab.send("b", "a")
    lab.drained()
    lab.assert_exact([sent for sent in lab.account.sent if not str(sent.ident).startswith("poison")])
    rejects = lab.published(lab.rejects)
    assert _reasons(rejects) == list(_WITHOUT_KEY)
    for source, reject in zip(poison, rejects, strict=True):
        assert reject[3:6] == source[3:6]  # timestamp, key and value
        assert reject.headers[:1] == source.headers
        assert reject.header("firstseen.topic") == lab.input.encode()
        assert reject.header("firstseen.partition") == b"0"
        assert reject.header("firstseen.offset") == str(source.offset).encode()
        assert reject.header("firstseen.detail")


def test_route_stop_stops_that_partition_alone_until_skip(lab: Lab):
    lab.topics(partitions=2)
    daemon = lab.daemon().start()
    lab.send("a", "b")
    for times, value in enumerate((b"{not json", None), 1):
        poison = lab.send_value(value, "poison")
        lab.send(f"behind {poison.offset}", "a")
        lab.send(f"elsewhere {poison.offset}", partition=1)
        daemon.wait_log(f"{lab.input}[0]", str(poison.offset), "malformed_json" if value else "null_value")
        lab.admin.wait_committed(lab.group, lab.input, {0: poison.offset, 1: times})
        skipped = daemon.command("skip", lab.input, "0", str(poison.offset))
        assert skipped.returncode == 0, skipped.stderr
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident != "poison"])


def test_the_command_that_a_stopped_partition_tells_lets_it_go_on_as_it_is_printed(lab: Lab):
    lab.topics()
    store = lab.directory / "it's a new disk"
    daemon = lab.daemon(store={"path": str(store)}).start()
    lab.send_value(b"{", "poison")
    lab.send("a")
    told = daemon.wait_log(f"{lab.input}[0]", "go on with: ").partition("go on with: ")[2]
    program, *words = shlex.split(told)
    assert program == "firstseen", told
    command = [str(firstseen_binary()), *words]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{told}: {done.stderr}"
    lab.drained()
    lab.assert_exact(lab.account.sent[1:])


def test_a_stopped_partition_is_stopped_again_after_a_restart(lab: Lab):
    lab.topics()
    daemon = lab.daemon().start()
    poison = lab.send_value(b"{", "poison")
    lab.send("a")
    for _ in range(2):
        daemon.wait_log(f"{lab.input}[0]", str(poison.offset), "malformed_json")
        daemon.stop()
        daemon.start()
    daemon.wait_log(f"{lab.input}[0]", str(poison.offset), "malformed_json")
    assert lab.published() == []
    wrong = daemon.command("skip", lab.input, "0", str(poison.offset + 1))
    assert wrong.returncode != 0
    assert daemon.command("skip", lab.input, "0", str(poison.offset)).returncode == 0
    lab.drained()
    lab.assert_exact(lab.account.sent[1:])


def test_route_drop_goes_on_and_route_pass_publishes_unchecked(lab: Lab):
    lab.topics()
    daemon = lab.daemon(rejects={"route": "drop"}).start()
    lab.send("a")
    lab.send_value(b"{", "dropped")
    lab.drained()
    daemon.stop()
    daemon.configure(lab.config(rejects={"route": "pass"}))
    daemon.start()
    lab.send_value(b"{", "passed")
    lab.send_value(b"{", "passed too")
    lab.drained()
    daemon.stop()
    assert [record.value for record in lab.published()] == [b'{"id": "a"}', b"{", b"{"]


def test_a_missing_header_is_rejected_and_a_null_header_has_its_own_reason(lab: Lab):
    lab.topics()
    lab.daemon(key={"fields": ["header:id"]}, rejects={"route": "topic", "topic": lab.rejects}).start()
    lab.send_value(b"1", "none")
    lab.send_value(b"2", "null", headers=(("id", None),))
    kept = [lab.send_value(b"3", "x", headers=(("id", b"x"),)), lab.send_value(b"4", "x", headers=(("id", b"x"),))]
    lab.drained()
    assert _reasons(lab.published(lab.rejects)) == ["missing_header", "null_header"]
    assert [record.value for record in lab.published()] == [kept[0].value]


def test_large_numbers_are_exact(lab: Lab):
    lab.topics()
    lab.daemon().start()
    digits = "7" * 400
    numbers = ["9007199254740992", "9007199254740993", "1e400", "1e401", digits, digits[:-1] + "8"]
    for number in numbers:
        lab.send_value(f'{{"id": {number}}}'.encode(), number)
        lab.send_value(f'{{"id":{number}, "again": true}}'.encode(), number)
    lab.drained()
    assert lab.assert_exact().first_seen == len(numbers)


def test_a_thousand_headers_an_empty_key_and_twenty_megabytes_arrive_untouched(lab: Lab):
    limit = 30_000_000
    lab.topics(max_message_bytes=limit)
    daemon = lab.daemon().start()
    headers = tuple((f"h{number % 7}", None if number % 3 else b"x" * (number % 50)) for number in range(1000))
    lab.send_value(b'{"id": "headers"}', "headers", headers=headers, key=b"")
    big = json.dumps({"id": "big", "pad": incompressible(20_000_000, random.Random(1))}).encode()
    lab.send_value(big, "big")
    lab.send_value(big, "big")
    lab.send("a")
    lab.drained(120)
    assert daemon.stop() == 0
    lab.assert_exact()


@pytest.mark.parametrize("neighbours", [0, 200])
def test_a_message_too_large_for_the_output_is_rejected_alone(lab: Lab, neighbours: int):
    lab.topics(max_message_bytes=2_000_000)
    daemon = lab.daemon(rejects={"route": "topic", "topic": lab.rejects}).start()
    lab.send("first")
    lab.drained()
    lab.admin.set_topic_config(lab.output, "max.message.bytes", "100000")
    for number in range(neighbours):
        lab.account.send(lab.input, 0, ident=f"before {number}", value=f'{{"id": "before {number}"}}'.encode())
    oversize = json.dumps({"id": "oversize", "pad": incompressible(500_000, random.Random(1))}).encode()
    lab.account.send(lab.input, 0, ident="oversize", value=oversize)
    for number in range(neighbours):
        lab.account.send(lab.input, 0, ident=f"behind {number}", value=f'{{"id": "behind {number}"}}'.encode())
    lab.send("last", "first")
    lab.drained()
    assert daemon.stop() == 0
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident != "oversize"])
    [reject] = lab.published(lab.rejects)
    assert reject.value == oversize
    assert reject.header("firstseen.reason")


def test_a_timestamp_that_the_output_refuses_is_rejected_alone(lab: Lab):
    lab.topics()
    unlimited = str(2**62)
    for topic in (lab.input, lab.rejects):
        lab.admin.set_topic_config(topic, "message.timestamp.after.max.ms", unlimited)
    lab.daemon(rejects={"route": "topic", "topic": lab.rejects}).start()
    for number in range(50):
        lab.send(f"before {number}")
    future = lab.send_value(b'{"id": "future"}', "future", timestamp_ms=int(time.time() * 1000) + 48 * 3_600_000)
    for number in range(50):
        lab.send(f"behind {number}", "before 1")
    lab.drained()
    lab.assert_exact([sent for sent in lab.account.sent if sent.ident != "future"])
    [reject] = lab.published(lab.rejects)
    assert reject.timestamp_ms == future.timestamp_ms
