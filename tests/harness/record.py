"""One message, as it was sent or as it was read."""

import hashlib
from typing import NamedTuple

Headers = tuple[tuple[str, bytes | None], ...]


class Record(NamedTuple):
    """A message in a partition's log. None and b"" differ in keys, values and header values."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    def content(self) -> bytes:
        """A fingerprint of everything that republishing must not touch; equal for equal partition, timestamp, key,
        value and headers in their order."""
        untouched = (self.partition, self.timestamp_ms, self.key, self.value, self.headers)
        return hashlib.blake2b(repr(untouched).encode(), digest_size=16).digest()

    def header(self, name: str) -> bytes | None:
        """The value of the last header of this name."""
        return dict(self.headers).get(name)

    def place(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"
