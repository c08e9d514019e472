#!/usr/bin/env python3
"""Recomputes the known answers of interoperable keys from their specification (lib/key/README.md).

    check_interoperable_keys.py FILE            compare; exit 1 and name every answer that differs
    check_interoperable_keys.py --update FILE   write what the specification gives into the file

Independent of the C++ code: Python's standard library only.
"""

import hashlib
import json
import re
import sys


class Refused(Exception):
    """These parts have no key."""


def joined(parts, separator):
    if not parts or not separator:
        raise Refused
    text = separator.join(parts)
    found = len(re.findall(f"(?={re.escape(separator)})", text, re.DOTALL))  # also those that overlap
    if found != len(parts) - 1 or text.split(separator) != parts:
        raise Refused
    return text


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def short(run, episode, step):
    if not run or not episode:
        raise Refused
    return "idem_" + sha256(joined([run, episode, str(step)], "::"))[:16]


def answer(case):
    if "parts" in case:
        return sha256(joined(case["parts"], case["separator"]))
    if "run" in case:
        return short(case["run"], case["episode"], case["step"])
    if not case["intent"] or not case["actor"] or ":" in case["intent"]:
        raise Refused
    return short(f"{case['intent']}:{case['actor']}", case["episode"], case.get("step", 0))


def main(arguments):
    update = arguments[:1] == ["--update"]
    path = arguments[-1]
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    faults = []
    for case in content["cases"]:
        try:
            expected = answer(case)
        except Refused:
            expected = None
        if update:
            case["key"] = expected
        elif case["key"] != expected:
            faults.append(f"{case}: the specification gives {expected}")
    keys = [case["key"] for case in content["cases"] if case["key"] and "same" not in case]
    if len(set(keys)) != len(keys):
        faults.append("two cases have one key")
    if update:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=True)
            file.write("\n")
    print("\n".join(faults) if faults else f"{len(content['cases'])} known answers agree with the specification")
    return 1 if faults or not content["cases"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
