"""A group's committed offsets, as a consumer of that group sees them."""

from confluent_kafka import Consumer, TopicPartition


class GroupOffsets:
    """Asks without joining the group. An AdminClient must not ask: librdkafka, 2.15.1 included, uses a consumer group
    that an admin client does not have when the coordinator has just moved or is being made, and ends the process
    (https://github.com/confluentinc/librdkafka/issues/5040)."""

    def __init__(self, brokers: str, group: str) -> None:
        self.group = group
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",  # offsets that a transaction is deciding are waited for
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )

    def committed(self, topic: str, partitions: int, timeout_s: float) -> dict[int, int]:
        """Partitions without a committed offset are absent. KafkaException where a transaction decides them for longer
        than `timeout_s`, or nobody answers."""
        asked = [TopicPartition(topic, partition) for partition in range(partitions)]
        return {tp.partition: tp.offset for tp in self._consumer.committed(asked, timeout_s) if tp.offset >= 0}
