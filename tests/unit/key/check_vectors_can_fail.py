#!/usr/bin/env python3
"""Proves that check_vectors.py notices a wrong vector: it must refuse the file with any one expectation changed.

check_vectors_can_fail.py CHECK_VECTORS FILE
"""

import copy
import json
import os
import subprocess
import sys
import tempfile


def refused(checker, content):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vectors.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        return subprocess.run([sys.executable, checker, path], stdout=subprocess.DEVNULL, check=False).returncode == 1


def first_with(content, field):
    return next(vector for vector in content["vectors"] if field in vector["expect"])


def flip_last_digit(expect, field):
    expect[field] = expect[field][:-1] + ("0" if expect[field][-1] != "0" else "1")


def main(checker, path):
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    wrong = []
    for field in ("canonical", "digest"):
        changed = copy.deepcopy(content)
        flip_last_digit(first_with(changed, field)["expect"], field)
        wrong.append(changed)
    changed = copy.deepcopy(content)
    first_with(changed, "reject")["expect"] = {"reject": "another_reason"}
    wrong.append(changed)
    changed = copy.deepcopy(content)  # two vectors with one encoding that are not said to be equal
    changed["vectors"].append({**changed["vectors"][0], "name": "copy"})
    wrong.append(changed)
    changed = copy.deepcopy(content)  # two vectors that are said to be equal and have two encodings
    for vector in changed["vectors"][:2]:
        vector["equal"] = "a group of two"
    wrong.append(changed)
    if refused(checker, content):
        print("the file as it is was refused, so that nothing is proved")
        return 1
    missed = [number for number, changed in enumerate(wrong) if not refused(checker, changed)]
    print(f"wrong files that were accepted: {missed}" if missed else "every wrong file was refused")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
