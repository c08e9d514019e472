"""Reads topics back as any consumer of theirs would."""

from collections.abc import Collection, Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from .poll import wait_until
from .record import Record


def partitions_of(brokers: str, topic: str) -> list[int]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader"})
    try:
        return sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    finally:
        consumer.close()


def read_topic(
    brokers: str,
    topic: str,
    isolation: str = "read_committed",
    timeout_s: float = 60.0,
    partitions: Collection[int] = (),
) -> Iterator[Record]:
    """Everything readable in the topic now, or in some partitions of it, in the order of arrival; with read_committed
    up to the first open transaction. Ends when every partition has reported an end at or behind the one that it had at
    the start."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "reader",
            "enable.auto.commit": False,
            "isolation.level": isolation,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.message.max.bytes": 33554432,
            "fetch.max.bytes": 67108864,
            "receive.message.max.bytes": 100000000,
            "queued.max.messages.kbytes": 65536,
            "message.max.bytes": 67108864,
        }
    )
    try:
        partitions = partitions or consumer.list_topics(topic, timeout=30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
        unfinished = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=30)[1] for p in partitions}
        while unfinished:
            messages = wait_until(lambda: consumer.consume(10000, 0.2), f"{topic} can be read to its end", timeout_s, 0)
            for message in messages:
                error = message.error()
                if error is None:
                    yield record_of(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    if message.offset() >= unfinished.get(message.partition(), 0):
                        unfinished.pop(message.partition(), None)
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()


def record_of(message) -> Record:
    """The record of a message of confluent_kafka."""
    headers = tuple((name, value) for name, value in message.headers() or ())
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        headers,
    )
