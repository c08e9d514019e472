"""Topics, offsets and groups of a running broker."""

from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from .group_offsets import GroupOffsets
from .poll import wait_until

_TIMEOUT_S = 30.0

_UNKNOWN_LEADER_EPOCH = 75
# What a broker answers while it starts or has just made a topic.
_PASSING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    _UNKNOWN_LEADER_EPOCH,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError._TRANSPORT,
    KafkaError._TIMED_OUT,
}
T = TypeVar("T")


def _settled(question: Callable[[], T], what: str) -> T:
    """The answer, once the broker has one."""

    def asked() -> tuple[T] | None:
        try:
            return (question(),)
        except KafkaException as error:
            if error.args[0].code() not in _PASSING:
                raise
            return None

    return wait_until(asked, what, _TIMEOUT_S, every_s=0.1)[0]


def _pattern(name: str) -> tuple[str, ResourcePatternType]:
    """What an ACL calls these resources; with a trailing * those whose names begin so."""
    return name.rstrip("*"), ResourcePatternType.PREFIXED if name.endswith("*") else ResourcePatternType.LITERAL


class Admin:
    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._group: GroupOffsets | None = None  # the one asked last: tests ask again and again until it has got there
        self._client = AdminClient({"bootstrap.servers": brokers, "log_level": 0, "reconnect.backoff.max.ms": 500})

    def create_topic(self, topic: str, partitions: int = 1, **config: str | int) -> str:
        """Config names with underscores for dots: max_message_bytes=1000."""
        settings = {name.replace("_", "."): str(value) for name, value in config.items()}
        new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=settings)
        self._client.create_topics([new])[topic].result(_TIMEOUT_S)
        wait_until(lambda: self.partitions(topic) == partitions, f"topic {topic} is known")
        self.end_offsets(topic)  # until its leaders answer
        return topic

    def delete_topic(self, topic: str) -> None:
        self._client.delete_topics([topic])[topic].result(_TIMEOUT_S)
        wait_until(lambda: self.partitions(topic) == 0, f"topic {topic} is gone")

    def topics(self, beginning: str) -> list[str]:
        """Those whose names begin so."""
        return [topic for topic in self._client.list_topics(timeout=_TIMEOUT_S).topics if topic.startswith(beginning)]

    def add_partitions(self, topic: str, total: int) -> None:
        self._client.create_partitions([NewPartitions(topic, total)])[topic].result(_TIMEOUT_S)
        wait_until(lambda: self.partitions(topic) == total, f"topic {topic} has {total} partitions")

    def partitions(self, topic: str) -> int:
        found = self._client.list_topics(timeout=_TIMEOUT_S).topics.get(topic)
        return len(found.partitions) if found else 0

    def set_topic_config(self, topic: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for done in self._client.incremental_alter_configs([resource]).values():
            done.result(_TIMEOUT_S)

    def allow(self, user: str, resource: ResourceType, name: str, *operations: AclOperation) -> None:
        """On resources of exactly this name, or with a trailing * on those whose names begin so."""
        rules = [
            AclBinding(resource, *_pattern(name), f"User:{user}", "*", operation, AclPermissionType.ALLOW)
            for operation in operations
        ]
        for done in self._client.create_acls(rules).values():
            done.result(_TIMEOUT_S)

    def forbid(self, user: str, resource: ResourceType, name: str, operation: AclOperation) -> None:
        """Takes back what allow() gave for the same name."""
        rule = AclBindingFilter(resource, *_pattern(name), f"User:{user}", "*", operation, AclPermissionType.ALLOW)
        for done in self._client.delete_acls([rule]).values():
            assert done.result(_TIMEOUT_S), f"{user} had no permission {operation} on {name}"

    def delete_records(self, topic: str, partition: int, before_offset: int) -> None:
        tp = TopicPartition(topic, partition, before_offset)
        for done in self._client.delete_records([tp]).values():
            done.result(_TIMEOUT_S)

    def end_offsets(self, topic: str) -> dict[int, int]:
        """High watermark of every partition: uncommitted transactions and their markers count."""
        return self._offsets(topic, OffsetSpec.latest())

    def start_offsets(self, topic: str) -> dict[int, int]:
        return self._offsets(topic, OffsetSpec.earliest())

    def _offsets(self, topic: str, spec: OffsetSpec) -> dict[int, int]:
        def offsets() -> dict[int, int]:
            asked = {TopicPartition(topic, p): spec for p in range(self.partitions(topic))}
            answers = self._client.list_offsets(asked, request_timeout=_TIMEOUT_S)
            return {tp.partition: done.result(_TIMEOUT_S).offset for tp, done in answers.items()}

        return _settled(offsets, f"the offsets of {topic} can be asked")

    def committed(self, group: str, topic: str, timeout_s: float = 1.0) -> dict[int, int]:
        """The group's stable committed offsets; partitions without one are absent. KafkaException where a transaction
        is deciding them for longer than `timeout_s`."""
        if self._group is None or self._group.group != group:
            self._group = GroupOffsets(self._brokers, group)
        return self._group.committed(topic, self.partitions(topic), timeout_s)

    def set_committed(self, group: str, topic: str, offsets: dict[int, int]) -> None:
        """Fails while the group has members, as Kafka's own tool does."""
        wanted = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
        request = [ConsumerGroupTopicPartitions(group, wanted)]
        self._client.alter_consumer_group_offsets(request)[group].result(_TIMEOUT_S)

    def delete_group(self, group: str) -> None:
        self._client.delete_consumer_groups([group])[group].result(_TIMEOUT_S)

    def members(self, group: str) -> int:
        def count() -> int:
            return len(self._client.describe_consumer_groups([group])[group].result(_TIMEOUT_S).members)

        return _settled(count, f"group {group} can be asked")

    def wait_group_empty(self, group: str, timeout_s: float = 60.0) -> None:
        wait_until(lambda: self.members(group) == 0, f"group {group} has no members", timeout_s)

    def wait_committed(self, group: str, topic: str, offsets: dict[int, int], timeout_s: float = 30.0) -> None:
        """Until the group's committed offsets are exactly these."""
        wait_until(
            lambda: self._committed_or_none(group, topic) == offsets,
            f"group {group} has committed {offsets} of {topic}",
            timeout_s,
            every_s=0.1,
        )

    def _committed_or_none(self, group: str, topic: str) -> dict[int, int] | None:
        """None while a transaction is deciding them."""
        try:
            return self.committed(group, topic)
        except KafkaException:
            return None

    def wait_drained(self, group: str, topic: str, timeout_s: float = 60.0) -> None:
        """Until the group has committed everything that stands in the topic now."""
        ends = self.end_offsets(topic)
        wanted = {partition: offset for partition, offset in ends.items() if offset > 0}

        def drained() -> bool:
            committed = self._committed_or_none(group, topic) or {}
            return all(committed.get(partition, -1) >= offset for partition, offset in wanted.items())

        wait_until(drained, f"group {group} has committed {wanted} of {topic}", timeout_s, every_s=0.1)
