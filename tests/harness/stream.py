"""A random at-least-once stream: what producers that retry, replay and fail over really send. Reproducible by seed."""

import base64
import json
import random
import time
from collections import deque
from dataclasses import dataclass

from .produce import Account
from .record import Headers

_REMEMBERED = 5000
_LARGEST_PAD = 20_000


@dataclass(frozen=True)
class _Original:
    ident: str
    partition: int
    key: bytes | None
    value: bytes
    headers: Headers
    timestamp_ms: int


def incompressible(size: int, chance: random.Random) -> str:
    """Printable text of that length which lz4 cannot shorten: brokers compare compressed sizes with their limits."""
    return base64.b64encode(chance.randbytes(size * 3 // 4)).decode()


class Stream:
    """Sends messages to one topic, with the key in the value's member "id"."""

    def __init__(self, account: Account, topic: str, partitions: int, seed: int, duplicates: float = 0.25) -> None:
        self._account = account
        self._topic = topic
        self._partitions = partitions
        self._random = random.Random(seed)
        self._duplicates = duplicates
        self._recent: deque[_Original] = deque(maxlen=_REMEMBERED)
        self._made = 0
        self.sent = 0

    def send(self, count: int) -> None:
        """At least `count` messages: new ones, copies of single ones, and replays of whole stretches."""
        until = self.sent + count
        while self.sent < until:
            kind = self._random.random()
            if not self._recent or kind >= self._duplicates:
                self._send_new()
            elif kind < self._duplicates * 0.02:
                self._replay()
            else:
                self._send_copy(self._random.choice(self._recent))

    def send_with_value_of(self, size_bytes: int) -> None:
        """One new message with a value of about this size, which is never copied or replayed."""
        self._send(self._new(incompressible(size_bytes, self._random)))

    def _send_new(self) -> None:
        original = self._new("x" * min(_LARGEST_PAD, int(self._random.paretovariate(1.5) * 40)))
        self._recent.append(original)
        self._send(original)

    def _new(self, pad: str) -> _Original:
        self._made += 1
        ident = f"{self._made:x}-{self._random.getrandbits(32):x}"
        document = {"id": ident, "text": "ü\n€" * 3, "pad": pad}
        value = json.dumps(document, ensure_ascii=self._random.random() < 0.5).encode()
        now_ms = int(time.time() * 1000) - self._random.randrange(2000)
        return _Original(ident, self._random.randrange(self._partitions), self._key(), value, self._headers(), now_ms)

    def _key(self) -> bytes | None:
        return self._random.choice((None, b"", b"k", self._random.randbytes(16)))

    def _headers(self) -> Headers:
        names = ("trace", "trace", "source", "größe")
        values = (None, b"", b"\x00\xff", self._random.randbytes(8))
        return tuple(
            (self._random.choice(names), self._random.choice(values)) for _ in range(self._random.randrange(5))
        )

    def _send_copy(self, original: _Original) -> None:
        """A retry of the same bytes, a retry with other bytes around the same id, or a copy in another partition."""
        kind = self._random.randrange(3)
        if kind == 1:
            original = _changed(original, headers=(*original.headers, ("retry", b"1")))
        elif kind == 2:
            original = _changed(original, partition=self._random.randrange(self._partitions), key=self._key())
        self._send(original)

    def _replay(self) -> None:
        start = self._random.randrange(len(self._recent))
        for original in list(self._recent)[start : start + self._random.randrange(1, 300)]:
            self._send(original)

    def _send(self, original: _Original) -> None:
        self._account.send(
            self._topic,
            original.partition,
            ident=original.ident,
            key=original.key,
            value=original.value,
            headers=original.headers,
            timestamp_ms=original.timestamp_ms,
        )
        self.sent += 1


def _changed(original: _Original, **fields: object) -> _Original:
    return _Original(**{**original.__dict__, **fields})
