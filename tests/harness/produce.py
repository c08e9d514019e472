"""A producer that keeps an account of every message the broker has acknowledged."""

import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from .poll import wait_until
from .record import Headers, Record


class Sent(NamedTuple):
    """An acknowledged message. Messages that count as the same have equal `ident`; whoever sends a message knows this
    and states it, so nothing has to be derived from its bytes."""

    record: Record
    ident: Hashable


class Account:
    """Everything sent, per topic in the order of each partition's log."""

    def __init__(self, brokers: str, **properties: object) -> None:
        self.sent: list[Sent] = []
        self._failures: list[str] = []
        self._unacknowledged = 0
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.max.bytes": 67108864,
                "reconnect.backoff.max.ms": 500,
                "message.timeout.ms": 120000,
                "topic.metadata.refresh.interval.ms": 500,
                "log_level": 0,
                **properties,
            }
        )

    def send(
        self,
        topic: str,
        partition: int,
        *,
        ident: Hashable,
        key: bytes | None = None,
        value: bytes | None = None,
        headers: Headers = (),
        timestamp_ms: int | None = None,
    ) -> None:
        """Enqueues one message; sent() has it once it is acknowledged."""
        stamp = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
        record = Record(topic, partition, -1, stamp, key, value, headers)
        self._unacknowledged += 1
        wait_until(lambda: self._enqueue(record, ident), f"{topic}[{partition}] takes a message", every_s=0)

    def _enqueue(self, record: Record, ident: Hashable) -> bool:
        """False while the queue is full or topic or partition are too new to be known."""
        try:
            self._producer.produce(
                record.topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                timestamp=record.timestamp_ms,
                headers=list(record.headers),
                on_delivery=self._acknowledge(record, ident),
            )
        except BufferError:
            self._producer.poll(0.1)
            return False
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC):
                raise
            self._producer.poll(0.1)
            return False
        self._producer.poll(0)
        return True

    def _acknowledge(self, record: Record, ident: Hashable) -> Callable[[KafkaError | None, Message], None]:
        def acknowledged(error: KafkaError | None, message: Message) -> None:
            self._unacknowledged -= 1
            if error is not None:
                self._failures.append(f"{record.topic}[{record.partition}]: {error}")
            else:
                self.sent.append(Sent(record._replace(offset=message.offset()), ident))

        return acknowledged

    def flush(self, timeout_s: float = 60.0) -> "Account":
        """Waits until everything is acknowledged; fails if the broker refused anything."""
        self._producer.flush(0)
        wait_until(lambda: self._producer.flush(1.0) == 0, "the broker acknowledges what was sent", timeout_s, 0)
        if self._failures or self._unacknowledged:
            raise AssertionError(f"not sent: {self._failures[:5]}, unacknowledged: {self._unacknowledged}")
        return self
