"""What dpkg knows in a Debian that lies in a directory: its packages, and whose each file is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Directories that Debian 13 has as links below /usr, while lists of files may name either.
_MERGED = ("bin", "lib", "lib64", "sbin")
_ARCHITECTURES = {"amd64": "amd64", "arm64": "arm64"}


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    architecture: str
    source: str
    """Name of the source package, which security notices go by."""
    control: str
    """The paragraph that describes it, as in dpkg's status file."""


def fields(paragraph: str) -> dict[str, str]:
    """The first line of each field."""
    return dict(re.findall(r"^([A-Za-z][\w-]*):[ \t]*(.*)$", paragraph, re.MULTILINE))


def package(paragraph: str) -> Package:
    held = fields(paragraph)
    name = held["Package"]
    source = held.get("Source", name).split(" ")[0]
    return Package(name, held["Version"], held["Architecture"], source, paragraph.strip() + "\n")


class Debian:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._dpkg = root / "var/lib/dpkg"

    @cached_property
    def packages(self) -> dict[str, Package]:
        """Those that are installed, by name. Of two architectures' packages of one name the last one is taken: there
        is one architecture here."""
        paragraphs = re.split(r"\n\n+", (self._dpkg / "status").read_text().strip())
        found = (package(each) for each in paragraphs if fields(each).get("Status") == "install ok installed")
        return {each.name: each for each in found}

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {
            self.canonical(path): listing.stem.partition(":")[0]
            for listing in sorted((self._dpkg / "info").glob("*.list"))
            for path in listing.read_text().splitlines()
        }

    def canonical(self, path: str) -> str:
        """The path below /usr of a file that is named by its old place."""
        first, _, rest = path.removeprefix("/").partition("/")
        return f"/usr/{first}/{rest}" if rest and first in _MERGED and (self.root / first).is_symlink() else path

    def owner(self, path: str) -> Package | None:
        """The package that installed this file; none if it is some program's work."""
        return self.packages.get(self._owners.get(self.canonical(path), ""))

    @cached_property
    def release(self) -> dict[str, str]:
        """/etc/os-release, e.g. VERSION_ID."""
        lines = (self.root / "usr/lib/os-release").read_text().splitlines()
        return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines) if name}


def oci_architecture(debian: str) -> str:
    """Debian's name of an architecture in Go's words, which OCI uses."""
    if debian not in _ARCHITECTURES:
        raise ValueError(f"firstseen's images are for {', '.join(_ARCHITECTURES)}, not for {debian}")
    return _ARCHITECTURES[debian]


def linked(ldd: str) -> Iterator[str]:
    """The files that `ldd FILE...` names: each FILE, and what it is linked with."""
    for line in ldd.splitlines():
        if " => not found" in line:
            raise ValueError(f"ldd: {line.strip()}")
        if found := re.match(r"(/\S+):$|\s+(?:\S+ => )?(/\S+) \(0x", line):
            yield found[1] or found[2]


def headers(ninja_deps: str) -> Iterator[str]:
    """The system's headers that were compiled in, by `ninja -t deps`."""
    yield from sorted({line.strip() for line in ninja_deps.splitlines() if line.startswith("    /usr/")})
