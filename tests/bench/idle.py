"""What an idle partition costs one daemon: memory, and CPU while nothing comes."""

import json
import shutil

from arena import Arena, end, say
from confluent_kafka import Producer
from harness import process
from harness.daemon import config
from harness.paths import firstseen_binary
from harness.poll import hold, wait_until
from harness.reader import read_topic
from load import OtherLoad, cpu_s, memory_bytes, prefer

_TIMEOUT_S = 300.0
_OUTPUT = "idle.out"


def idle(arena: Arena, topics: int, partitions: int, watched_s: float) -> dict:
    """One partition, 64 partitions of one topic, many topics of one partition, many topics of several."""
    cases = dict.fromkeys([(1, 1), (1, 64), (topics, 1), (topics, partitions)])
    rows = [_measure(arena, number, *case, watched_s) for number, case in enumerate(cases)]
    base, most = rows[0], rows[-1]
    added = most["partitions_in_all"] - base["partitions_in_all"]
    return {
        "benchmark": "idle",
        "title": "one process, nothing to do",
        "settings": {"watched, s": watched_s},
        "rows": rows,
        "ratios": {
            "memory per idle partition, KiB": (most["anonymous_MiB"] - base["anonymous_MiB"]) * 1024 / added,
            "CPU per idle partition, us/s": (most["CPU_ms/s"] - base["CPU_ms/s"]) * 1000 / added,
        },
        **arena.facts(),
    }


def _measure(arena: Arena, number: int, topics: int, partitions: int, watched_s: float) -> dict:
    names = [f"idle.{number}.{topic}" for topic in range(topics)]
    for name in names:
        arena.admin.create_topic(name, partitions)
    output = arena.admin.create_topic(f"{_OUTPUT}.{number}", partitions)
    directory = arena.directory / output
    directory.mkdir()
    file = directory / "firstseen.yaml"
    file.write_text(json.dumps(config(directory, arena.broker.plaintext, names, output, output)))
    running = process.start([str(firstseen_binary()), "run", "--config", str(file)], directory / "log")
    prefer(running.pid)
    try:
        _send_twice(arena.broker.plaintext, names)
        committed = 2 * topics
        wait_until(lambda: _carried(arena, output, names) == committed, "every topic is served", _TIMEOUT_S, 0.5)
        watch, before_s = OtherLoad((running.pid, arena.broker.pid)), cpu_s(running.pid)
        hold(watched_s)
        used_s = cpu_s(running.pid) - before_s
        arena.see(watch.cores())
        anonymous = memory_bytes(running.pid, "RssAnon", "RssShmem")
    finally:
        end(running)
    published = sum(1 for _ in read_topic(arena.broker.plaintext, output))
    arena.exact = arena.exact and published == topics
    for name in (*names, output):
        arena.admin.delete_topic(name)
    shutil.rmtree(directory, ignore_errors=True)
    found = {
        "topics": topics,
        "partitions_of_each": partitions,
        "partitions_in_all": topics * partitions,
        "anonymous_MiB": anonymous / 2**20,
        "CPU_ms/s": used_s / watched_s * 1000,
    }
    say(f"idle: {found}, {published} published")
    return found


def _send_twice(brokers: str, topics: list[str]) -> None:
    """One message and its copy to every topic: it is seen to be served."""
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 5})
    for topic in [*topics, *topics]:
        producer.produce(topic, value=b'{"id": 1}', partition=0)
    producer.flush(60)


def _carried(arena: Arena, group: str, topics: list[str]) -> int:
    return sum(sum(arena.admin.committed(group, topic).values()) for topic in topics)
