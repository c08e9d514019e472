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

MAX_DEPTH = 1024
MAX_EXPONENT_DIGITS = 18
UNITS_MS = {"y": 365 * 86400000, "d": 86400000, "h": 3600000, "m": 60000, "s": 1000, "ms": 1}
KIND_NAMES = ("namespace", "topic", "partition", "record_key", "header", "payload", "pointer", "timestamp")
KINDS = {name: number for number, name in enumerate(KIND_NAMES, 1)}
MISSING, NULL = b"\x00", b"\x01"


class Malformed(Exception):
    """The payload is not JSON as the specification wants it; the argument is the reason's name."""


class Absent(Exception):
    """A part is not there: the reason's name, and the value that it counts as with as_null."""


def length(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def sized(tag, data):
    return bytes([tag]) + length(len(data)) + data


def integer(number):
    return b"\x04" + number.to_bytes(8, "big", signed=True)


class Number(str):
    """A number's text, so that Python's own numbers never get near it."""


class Reader:
    """A strict JSON reader: RFC 8259 and nothing more. Objects come as lists of (name, value)."""

    NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
    SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

    def __init__(self, data):
        if not data.strip(b" \t\n\r"):
            raise Malformed("empty_document")
        if data.startswith(b"\xef\xbb\xbf"):
            raise Malformed("malformed_json")
        try:
            self.text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("invalid_utf8") from None
        self.at = 0

    def document(self):
        value = self.value(0)
        self.space()
        if self.at != len(self.text):
            raise Malformed("trailing_data")
        return value

    def space(self):
        while self.peek() and self.peek() in " \t\n\r":
            self.at += 1

    def peek(self):
        return self.text[self.at : self.at + 1]

    def take(self, char):
        self.space()
        if self.peek() != char:
            return False
        self.at += 1
        return True

    def need(self, char):
        if not self.take(char):
            raise Malformed("malformed_json")

    def value(self, depth):
        self.space()
        first = self.peek()
        if first and first in "{[" and depth == MAX_DEPTH:
            raise Malformed("nested_too_deeply")
        if first == "{":
            return ("object", self.members(depth + 1))
        if first == "[":
            return ("array", self.elements(depth + 1))
        if first == '"':
            return self.string()
        if first and first in "-0123456789":
            return self.number()
        for word, value in (("null", None), ("true", True), ("false", False)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        raise Malformed("malformed_json")

    def members(self, depth):
        self.need("{")
        members = []
        if self.take("}"):
            return members
        while True:
            self.space()
            if self.peek() != '"':
                raise Malformed("malformed_json")
            name = self.string()
            self.need(":")
            members.append((name, self.value(depth)))
            if self.take("}"):
                return members
            self.need(",")

    def elements(self, depth):
        self.need("[")
        elements = []
        if self.take("]"):
            return elements
        while True:
            elements.append(self.value(depth))
            if self.take("]"):
                return elements
            self.need(",")

    def number(self):
        match = self.NUMBER.match(self.text, self.at)
        if not match or re.match(r"[^ \t\n\r,\]}:\[{\"]", self.text[match.end() : match.end() + 1]):
            raise Malformed("invalid_number")
        self.at = match.end()
        return Number(match.group())

    def string(self):
        self.at += 1
        out = []
        while True:
            char = self.peek()
            self.at += 1
            if char == '"':
                return "".join(out)
            if char == "" or ord(char) < 0x20:
                raise Malformed("invalid_string")
            out.append(self.escape() if char == "\\" else char)

    def escape(self):
        char = self.peek()
        self.at += 1
        if char in self.SHORT:
            return self.SHORT[char]
        if char != "u":
            raise Malformed("invalid_string")
        unit = self.hex4()
        if 0xDC00 <= unit <= 0xDFFF:
            raise Malformed("invalid_string")
        if not 0xD800 <= unit <= 0xDBFF:
            return chr(unit)
        if self.text[self.at : self.at + 2] != "\\u":
            raise Malformed("invalid_string")
        self.at += 2
        low = self.hex4()
        if not 0xDC00 <= low <= 0xDFFF:
            raise Malformed("invalid_string")
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def hex4(self):
        digits = self.text[self.at : self.at + 4]
        if not re.fullmatch("[0-9a-fA-F]{4}", digits):
            raise Malformed("invalid_string")
        self.at += 4
        return int(digits, 16)


def encode_number(text):
    sign, whole, fraction, exponent = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?", text).groups()
    digits = (whole + (fraction or "")).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return sized(0x13, b"0")
    if len((exponent or "").lstrip("+-").lstrip("0")) > MAX_EXPONENT_DIGITS:
        raise Malformed("number_out_of_range")
    power = int(exponent or "0") - len(fraction or "") + len(digits) - len(significant)
    return sized(0x13, f"{sign}{significant}e{power}".encode())


def refuse_repeats(members):
    if len({name for name, _ in members}) != len(members):
        raise Malformed("repeated_member")


def encode_json(value):
    if value is None:
        return b"\x10"
    if value is False or value is True:
        return b"\x12" if value else b"\x11"
    if isinstance(value, Number):
        return encode_number(value)
    if isinstance(value, str):
        return sized(0x14, value.encode())
    kind, inside = value
    if kind == "array":
        return b"\x15" + b"".join(map(encode_json, inside)) + b"\x1f"
    refuse_repeats(inside)
    members = sorted((name.encode(), encode_json(item)) for name, item in inside)
    return b"\x16" + b"".join(sized(0x14, name) + item for name, item in members) + b"\x1f"


def resolve(document, pointer):
    """The canonical encoding of what the pointer leads to; Absent when it leads nowhere."""
    found = True
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        kind, inside = document if isinstance(document, tuple) else (None, None)
        if kind == "object":
            refuse_repeats(inside)
            found = token in dict(inside)
            document = dict(inside).get(token)
        elif kind == "array":
            found = bool(re.fullmatch("0|[1-9][0-9]*", token)) and int(token) < len(inside)
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


def part_value(text, message, document):
    kind, _, argument = text.partition(":")
    if kind == "namespace":
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
        return resolve(document, argument)
    timestamp = message.get("timestamp", -1)
    if timestamp < 0:
        raise Absent("missing_timestamp", MISSING)
    return integer(timestamp // milliseconds(argument) * milliseconds(argument))


def part_list(key):
    """(text, on_missing) of every part in the order of the encoding."""
    default = key.get("on_missing", "reject")
    parts = ["namespace:" + key.get("namespace", "")]
    parts += {"none": [], "topic": ["topic"], "topic_partition": ["topic", "partition"]}[key.get("scope", "topic")]
    if key.get("strategy", "fields") == "fields":
        parts += key["fields"]
    else:
        context = key.get("context", {})
        parts += [context[name] for name in ("user", "session") if context.get(name)] + ["payload"]
    return [(p["part"], p.get("on_missing", default)) if isinstance(p, dict) else (p, default) for p in parts]


def encode_key(key, message):
    """The canonical encoding; Malformed, or Absent with the outcome in front: ("reject" | "pass", reason)."""
    parts = part_list(key)
    value, document = data(message, "value"), None
    pointers = [text.partition(":")[2] for text, _ in parts if part_kind(text) == "pointer"]
    if pointers and value is not None:
        document = Reader(value).document()
        for pointer in pointers:  # a fault anywhere in the payload comes before anything that is missing
            with contextlib.suppress(Absent):
                resolve(document, pointer)
    out = b"\x01" + length(len(parts))
    outcomes = []
    for text, on_missing in parts:
        out += bytes([KINDS[part_kind(text)]])
        try:
            out += part_value(text, message, document)
        except Absent as absent:
            reason, counts_as = absent.args
            if on_missing != "as_null":
                outcomes.append((on_missing, reason))
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
    groups = {}
    for vector in vectors:
        encoded = vector["expect"].get("canonical")
        if encoded is not None:
            groups.setdefault(encoded, set()).add(vector.get("equal", vector["name"]))
    return [f"one encoding for {sorted(names)}" for names in groups.values() if len(names) > 1]


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
