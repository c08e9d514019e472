"""JSON as keys read and encode it, from the specification (lib/key/README.md), for check_vectors.py."""

import re

MAX_DEPTH = 1024
MAX_EXPONENT_DIGITS = 18


class Malformed(Exception):
    """The payload is not JSON as the specification wants it; the argument is the reason's name."""


def length(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def sized(tag, data):
    return bytes([tag]) + length(len(data)) + data


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
