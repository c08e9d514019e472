"""The benchmark's input: JSON messages of 200 bytes, every tenth a copy of an earlier one. The same at every call, so
the verifier can be told everything that was sent without keeping it."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import Producer
from harness.admin import Admin
from harness.record import Record

PARTITIONS = 4
DUPLICATES = 0.1
_SEED = 20
_VALUE_BYTES = 200
_RECENT = 100_000  # a copy follows its original within about this many messages
_FIRST_TIMESTAMP_MS = 1_700_000_000_000


class Generated(NamedTuple):
    number: int  # of the original: equal for messages that are the same
    partition: int
    timestamp_ms: int
    value: bytes


def generate(count: int) -> Iterator[Generated]:
    chance = random.Random(_SEED)
    originals = 0
    for place in range(count):
        if originals and chance.random() < DUPLICATES:
            number = originals - 1 - chance.randrange(min(originals, _RECENT))
        else:
            number = originals
            originals += 1
        # A copy takes its original's partition, as a retry of the same record key does.
        yield Generated(number, number % PARTITIONS, _FIRST_TIMESTAMP_MS + place // 1000, _value(number))


def _value(number: int) -> bytes:
    text = b'{"id":"%024x","amount":%d,"currency":"EUR","pad":"' % (number * 0x9E3779B97F4A7C15, number % 1000)
    return text + b"x" * (_VALUE_BYTES - 2 - len(text)) + b'"}'


def produce(brokers: str, topic: str, count: int) -> None:
    """Fills an empty topic; offsets are in the order of generate()."""
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "log_level": 0,
            "linger.ms": 50,
            "batch.size": 1000000,
            "queue.buffering.max.messages": 500000,
        }
    )
    for message in generate(count):
        while True:
            try:
                producer.produce(
                    topic, value=message.value, partition=message.partition, timestamp=message.timestamp_ms
                )
                break
            except BufferError:
                producer.poll(0.1)
        if message.number % 1000 == 0:
            producer.poll(0)
    producer.flush(120)
    stored = sum(Admin(brokers).end_offsets(topic).values())
    if stored != count:
        raise RuntimeError(f"{topic} holds {stored} messages instead of {count}")


def records(topic: str, count: int) -> Iterator[tuple[Record, int]]:
    """What produce() has put into the topic, and the number by which messages are the same."""
    offsets = [0] * PARTITIONS
    for message in generate(count):
        offset = offsets[message.partition]
        offsets[message.partition] += 1
        yield Record(topic, message.partition, offset, message.timestamp_ms, None, message.value), message.number
