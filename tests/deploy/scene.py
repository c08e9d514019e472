"""A stream on a broker, and what answers over HTTP."""

import http.client
import json
import ssl
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Producer


class Stream:
    """librdkafka's mock cluster with a topic, into which a bit of everything is written: first messages, duplicates,
    messages without a key, some from the future."""

    def __init__(self) -> None:
        self._producer: Producer | None = Producer(
            {"test.mock.num.brokers": 1, "log_level": 3, "compression.type": "lz4"}
        )
        broker = self._producer.list_topics(timeout=30).brokers[1]
        self.brokers = f"{broker.host}:{broker.port}"
        for topic in ("orders", "orders.unique"):  # asking for a topic makes it
            self._producer.list_topics(topic, timeout=30)
        self._next = 0

    def write(self) -> None:
        assert self._producer is not None
        for _ in range(200):
            self._next += 1
            self._producer.produce("orders", json.dumps({"id": self._next // 2}))
        self._producer.produce("orders", "not JSON")
        self._producer.produce("orders", json.dumps({"id": 0}), timestamp=int(time.time() + 3600) * 1000)
        assert self._producer.flush(30) == 0

    def fill(self, count: int) -> None:
        """So many messages, each with a key of its own."""
        assert self._producer is not None
        for number in range(count):
            value = b'{"id":"f%d"}' % number
            while True:
                try:
                    self._producer.produce("orders", value)
                    break
                except BufferError:
                    self._producer.poll(0.1)
        assert self._producer.flush(60) == 0

    def close(self) -> None:
        """The broker goes with the client that it lives in."""
        self._producer = None


@dataclass
class Server:
    """Something that answers over HTTP."""

    address: str
    tls: ssl.SSLContext | None = None
    """With the authority to trust, if it speaks TLS."""

    def get(self, path: str) -> str:
        """The body; nothing while it does not answer with status 200."""
        try:
            url = f"{'https' if self.tls else 'http'}://{self.address}{path}"
            with urllib.request.urlopen(url, timeout=5, context=self.tls) as response:
                return response.read().decode()
        except (OSError, http.client.HTTPException):  # refused, too late, or broken off
            return ""

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus says to PromQL, at this moment."""
        answer = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return json.loads(answer)["data"]["result"] if answer else []
