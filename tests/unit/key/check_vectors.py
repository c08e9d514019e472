#!/usr/bin/env python3
"""Recomputes the golden vectors of the key encoding from its specification (lib/key/README.md).

    check_vectors.py FILE            compare; exit 1 and name every vector that differs
    check_vectors.py --update FILE   write what the specification gives into the file

Independent of the C++ code: Python's standard library only, and the xxhsum command (Debian: xxhash) for xxh3_128.
"""

import base64
import contextlib
import hashlib
import json
import re
import subprocess
import sys
from typing import NamedTuple

import key_templates
from key_json import Malformed, Reader, encode_json, length, refuse_repeats, sized

UNITS_MS = {"y": 365 * 86400000, "d": 86400000, "h": 3600000, "m": 60000, "s": 1000, "ms": 1}
KIND_NAMES = (
    "namespace",
    "topic",
    "partition",
    "record_key",
    "header",
    "payload",
    "pointer",
    "timestamp",
    "text",
    "rule",
)
KINDS = {name: number for number, name in enumerate(KIND_NAMES, 1)}
MISSING, NULL = b"\x00", b"\x01"


class Absent(Exception):
    """A part is not there: the reason's name, and the value that it counts as with as_null."""


class Part(NamedTuple):
    text: str
    on_missing: str
    default: str | None = None
    exclude: tuple = ()


def integer(number):
    return b"\x04" + number.to_bytes(8, "big", signed=True)


def tokens(pointer):
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def is_index(token):
    return bool(re.fullmatch("0|[1-9][0-9]*", token))


def without(document, pointers):
    """The document less what the pointers (lists of tokens) lead to."""
    if not isinstance(document, tuple):
        return document
    kind, inside = document
    named = inside if kind == "object" else [(str(index), item) for index, item in enumerate(inside)]
    kept = []
    for name, item in named:
        below = [pointer[1:] for pointer in pointers if pointer[0] == name]
        if [] not in below:
            kept.append((name, without(item, below)))
    return (kind, kept if kind == "object" else [item for _, item in kept])


def resolve(document, pointer):
    """The canonical encoding of what the pointer leads to; Absent when it leads nowhere."""
    found = True
    for token in tokens(pointer):
        kind, inside = document if isinstance(document, tuple) else (None, None)
        if kind == "object":
            refuse_repeats(inside)
            found = token in dict(inside)
            document = dict(inside).get(token)
        elif kind == "array":
            found = is_index(token) and int(token) < len(inside)
            document = inside[int(token)] if found else None
        else:
            found = False
        if not found:
            raise Absent("missing_member", MISSING)
    return encode_json(document)


def milliseconds(bucket):
    return sum(int(count) * UNITS_MS[unit] for count, unit in re.findall(r"(\d+)(ms|[ydhms])", bucket))


def data(record, name):
    """The bytes of `name`, or of `name`_base64, or None."""
    if name + "_base64" in record:
        return base64.b64decode(record[name + "_base64"])
    if name + "_repeat" in record:
        return b"".join(text.encode() * count for text, count in record[name + "_repeat"])
    text = record.get(name)
    return None if text is None else text.encode()


def present(value, reason):
    if value is None:
        raise Absent(reason, NULL)
    return sized(0x02, value)


def part_kind(text):
    if text.startswith("payload:"):
        return "pointer"
    return text.split(":")[0]


def header_value(message, wanted):
    for header in reversed(message.get("headers", [])):
        if header["name"] == wanted:
            return present(data(header, "value"), "null_header")
    raise Absent("missing_header", MISSING)


def default_value(text, default):
    """The value of the type that the part's own value would have."""
    kind = part_kind(text)
    if kind == "timestamp":
        return sized(0x03, default.encode())
    if kind == "pointer":
        with contextlib.suppress(Malformed):
            return encode_json(Reader(default.encode()).document())
        return sized(0x14, default.encode())
    return sized(0x02, default.encode())


def part_value(part, message, document):
    text = part.text
    kind, _, argument = text.partition(":")
    if kind in ("namespace", "rule", "text"):
        return sized(0x03, argument.encode())
    if kind == "topic":
        return sized(0x03, message["topic"].encode())
    if kind == "partition":
        return integer(message["partition"])
    if kind == "record_key":
        return present(data(message, "key"), "null_record_key")
    if kind == "header":
        return header_value(message, argument)
    if text == "payload":
        return present(data(message, "value"), "null_value")
    if kind == "payload":
        if data(message, "value") is None:
            raise Absent("null_value", NULL)
        if part.exclude:
            document = without(document, [tokens(pointer) for pointer in part.exclude])
        return resolve(document, argument)
    timestamp = message.get("timestamp", -1)
    if timestamp < 0:
        raise Absent("missing_timestamp", MISSING)
    if "%" in argument:
        return sized(0x03, key_templates.format_time(argument, timestamp).encode())
    return integer(timestamp // milliseconds(argument) * milliseconds(argument))


def template_parts(template, on_missing):
    for piece in key_templates.pieces(template):
        if isinstance(piece, str):
            yield Part("text:" + piece, on_missing)
        else:
            yield Part(piece[0], on_missing, piece[1])


def part_list(key):
    """Every part in the order of the encoding."""
    default = key.get("on_missing", "reject")
    strategy = key.get("strategy", "fields")
    parts = ["namespace:" + key.get("namespace", "")]
    if "rule" in key:
        parts.append("rule:" + key["rule"])
    parts += {"none": [], "topic": ["topic"], "topic_partition": ["topic", "partition"]}[key.get("scope", "topic")]
    if strategy in ("default", "hash"):
        context = key.get("context", {})
        wanted = [name for name in ("user", "session") if strategy == "default" or key.get("include_" + name, True)]
        parts += [context[name] for name in wanted if context.get(name)]
    if strategy == "default":
        parts.append("payload")
    elif strategy == "template":
        parts += template_parts(key["template"], default)
    elif "fields" in key:
        parts += key["fields"]
    else:
        excluded = tuple(text.removeprefix("payload:") for text in key.get("exclude", []))
        parts.append(Part("payload:", default, None, excluded))
    return [as_part(part, default) for part in parts]


def as_part(part, on_missing):
    if isinstance(part, Part):
        return part
    if isinstance(part, dict):
        return Part(part["part"], part.get("on_missing", on_missing))
    return Part(part, on_missing)


def encode_key(key, message):
    """The canonical encoding; Malformed, or Absent with the outcome in front: ("reject" | "pass", reason)."""
    parts = part_list(key)
    value, document = data(message, "value"), None
    pointers = [part.text.partition(":")[2] for part in parts if part_kind(part.text) == "pointer"]
    if pointers and value is not None:
        document = Reader(value).document()
        for pointer in pointers:  # a fault anywhere in the payload comes before anything that is missing
            with contextlib.suppress(Absent):
                resolve(document, pointer)
    out = b"\x01" + length(len(parts))
    outcomes = []
    for part in parts:
        out += bytes([KINDS[part_kind(part.text)]])
        try:
            out += part_value(part, message, document)
        except Absent as absent:
            reason, counts_as = absent.args
            if part.default is not None:
                counts_as = default_value(part.text, part.default)
            elif part.on_missing != "as_null":
                outcomes.append((part.on_missing, reason))
            out += counts_as
    for wanted in ("reject", "pass"):
        for outcome in outcomes:
            if outcome[0] == wanted:
                raise Absent(*outcome)
    return out


def xxh3_128(encoded):
    try:
        result = subprocess.run(["xxhsum", "-H2"], input=encoded, capture_output=True, check=True)
    except FileNotFoundError:
        sys.exit("check_vectors.py: the command xxhsum is missing; install the package xxhash")
    return result.stdout.split()[0].decode()


def digest(name, encoded):
    if name == "xxh3_128":
        return xxh3_128(encoded)
    return hashlib.new({"blake2b512": "blake2b"}.get(name, name), encoded).hexdigest()


def expectation(vector):
    key = vector["key"]
    try:
        encoded = encode_key(key, vector["message"])
    except Malformed as malformed:
        return {"reject": malformed.args[0]}
    except Absent as absent:
        return {absent.args[0]: absent.args[1]}
    return {"canonical": encoded.hex(), "digest": digest(key.get("digest", "sha256"), encoded)}


def check_equalities(vectors):
    """Vectors of one "equal" group must have one encoding; all others must differ from each other."""
    names_of, encodings_of = {}, {}
    for vector in vectors:
        encoded = vector["expect"].get("canonical")
        if "equal" in vector:
            encodings_of.setdefault(vector["equal"], set()).add(encoded)
        if encoded is not None:
            names_of.setdefault(encoded, set()).add(vector.get("equal", vector["name"]))
    faults = [f"one encoding for {sorted(names)}" for names in names_of.values() if len(names) > 1]
    return faults + [
        f"no one encoding for the group '{group}'"
        for group, encodings in encodings_of.items()
        if len(encodings) != 1 or None in encodings
    ]


def main(arguments):
    sys.setrecursionlimit(20000)
    update = arguments[:1] == ["--update"]
    path = arguments[-1]
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    faults = []
    for vector in content["vectors"]:
        expected = expectation(vector)
        if update:
            vector["expect"] = expected
        elif vector["expect"] != expected:
            faults.append(f"{vector['name']}: the file says {vector['expect']}, the specification gives {expected}")
    faults += check_equalities(content["vectors"])
    if update:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=True)
            file.write("\n")
    print("\n".join(faults) if faults else f"{len(content['vectors'])} vectors agree with the specification")
    return 1 if faults or not content["vectors"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
