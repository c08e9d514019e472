"""The groups that a profile's samples are told apart by: which code belongs to which, and what that code does."""

import re
from collections import Counter

_SAMPLE = re.compile(r"^\s*(?P<thread>\S+)\s+[0-9a-f]+ (?P<symbol>.*) \((?P<file>[^()]*|\[[^]]*\])\)$")
_OTHER = "other"

# What ran -> the group. The first that fits "THREAD FILE SYMBOL".
_PATTERNS = {
    "kernel, new memory": r"\S+ \[kernel\S* (clear_page|.*(page_fault|alloc_pages|folio_add|vma_alloc))",
    "kernel, the rest: sockets above all": r"\S+ \[kernel",
    "librdkafka, its own threads": r"rdk:\S+ \S*librdkafka",
    "librdkafka, called by firstseen": r"\S+ \S*librdkafka",
    "compression": r"\S+ \S*lib(lz4|zstd|snappy|z)\.",
    "digest (libcrypto)": r"\S+ \S*libcrypto",
    "malloc and free": r"\S+ \S*libc\S* \S*(malloc|free|calloc|realloc|arena|unlink_chunk|sysmalloc)",
    "copying and comparing (libc)": r"\S+ \S*libc\S* \S*(mem(cpy|move|set|cmp|chr)|str)",
    "locks and waiting (libc)": r"\S+ \S*libc\S* \S*(pthread|mutex|cond|lll|futex|clock|poll|syscall)",
    "JSON (simdjson)": r"\S+ \S+ .*simdjson",
    "store": r"\S+ \S+ .*firstseen::store",
    "keys": r"\S+ \S+ .*firstseen::key",
    "loop": r"\S+ \S+ .*firstseen::dedup",
    "Kafka client's wrapper": r"\S+ \S+ .*firstseen::kafka",
}
MEANING = {
    "kernel, the rest: sockets above all": "every byte is received and sent once",
    "librdkafka, its own threads": "parses fetched record sets, builds and checks those to be produced (CRC-32C)",
    "librdkafka, called by firstseen": "an operation per message handed over from and to its queues",
    "kernel, new memory": "pages of the index, the log and librdkafka's buffers, cleared on first use",
    "locks and waiting (libc)": "librdkafka's queues and wake-ups between its threads and firstseen's two",
    "malloc and free": "librdkafka allocates per message; firstseen does not in steady state",
    "copying and comparing (libc)": "payloads into the client's produce requests",
    "compression": "record batches unpacked as they come and packed again for the output, in librdkafka's threads",
    "JSON (simdjson)": "the payload is validated once and walked along the key's pointer",
    "digest (libcrypto)": "SHA-256 of the key",
    "store": "the index's lines fetched from memory, records written",
    "keys": "the canonical encoding and what calls parser and digest",
    "loop": "batches gathered, a verdict for each message, offsets and windows kept",
    "Kafka client's wrapper": "what stands between the loop and librdkafka: chunks of messages, deliveries, errors",
    _OTHER: "what no other group names: the rest of firstseen, the C++ library, code without a symbol",
}
"""What each group does: why it costs anything."""


def groups() -> list[str]:
    """All that a sample can belong to."""
    return [*_PATTERNS, _OTHER]


def part_of(thread: str, file: str, symbol: str) -> str:
    sample = f"{thread} {file} {symbol}"
    return next((part for part, pattern in _PATTERNS.items() if re.match(pattern, sample)), _OTHER)


def parts_of(samples: str) -> Counter:
    """Of what `perf script -F comm,ip,sym,dso` prints: samples by part."""
    found = (_SAMPLE.match(line) for line in samples.splitlines())
    return Counter(part_of(each["thread"], each["file"], each["symbol"]) for each in found if each)
