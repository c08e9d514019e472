"""Compares two images in OCI layouts: exit status 1 and every file that differs, or the digest that both have."""

import argparse
import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

Members = dict[str, tuple[object, ...]]


def _blob(layout: Path, descriptor: dict) -> bytes:
    return (layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()


def _described(layout: Path) -> dict:
    (described,) = json.loads((layout / "index.json").read_text())["manifests"]
    return described


def _members(layout: Path) -> Members:
    """Of the layers: what each file is, with the digest of its contents."""
    found: Members = {}
    for descriptor in json.loads(_blob(layout, _described(layout)))["layers"]:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(_blob(layout, descriptor)))) as layer:
            for each in layer:
                stream = layer.extractfile(each) if each.isreg() else None
                contents = hashlib.sha256(stream.read()).hexdigest() if stream else each.linkname
                found[each.name] = (each.type, each.mode, each.uid, each.gid, each.mtime, contents)
    return found


def difference(one: Path, other: Path) -> list[str]:
    """Nothing for the same image; else its files that differ, or that only what is told of them does."""
    if _described(one)["digest"] == _described(other)["digest"]:
        return []
    first, second = _members(one), _members(other)
    names = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    return [f"/{name}" for name in names] or ["no file: order, compression or configuration"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("one", type=Path)
    arguments.add_argument("other", type=Path)
    given = arguments.parse_args()
    found = difference(given.one, given.other)
    if found:
        sys.exit("the two images differ in:\n" + "\n".join(found))
    print(f"twice the same: {_described(given.one)['digest']}")


if __name__ == "__main__":
    main()
