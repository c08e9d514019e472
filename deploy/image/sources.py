"""Prints apt's sources for one release of Debian from this machine's sources for its own, so that the same servers are
asked; without any, Debian's own.

    sources.py trixie [DIRECTORY]      DIRECTORY instead of /etc/apt"""

import re
import sys
from pathlib import Path

_RELEASES = ("bookworm", "trixie")
_COMPONENTS = "main"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SERVERS = {"": "http://deb.debian.org/debian", "-security": "http://deb.debian.org/debian-security"}


def _deb822(text: str) -> list[tuple[str, list[str]]]:
    """Server and suites of each paragraph of a .sources file that offers binary packages."""
    found = []
    for paragraph in re.split(r"\n\s*\n", "\n".join(line for line in text.splitlines() if not line.startswith("#"))):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
            found += [(server, fields.get("Suites", "").split()) for server in fields.get("URIs", "").split()]
    return found


def _lines(text: str) -> list[tuple[str, list[str]]]:
    """The same of a .list file."""
    found = re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+\S", text, re.MULTILINE)
    return [(server, [suite]) for server, suite in found]


def servers(directory: Path) -> dict[str, str]:
    """Of this machine's Debian, the first server of the release, and of its security updates."""
    found: dict[str, str] = {}
    for file in [directory / "sources.list", *sorted((directory / "sources.list.d").glob("*"))]:
        if file.suffix not in {".list", ".sources"} or not file.is_file():
            continue
        read = _deb822 if file.suffix == ".sources" else _lines
        for server, suites in read(file.read_text()):
            for suite in suites:
                release, dash, more = suite.partition("-")
                if release in _RELEASES and dash + more in _SERVERS:
                    found.setdefault(dash + more, server)
    return found or _SERVERS


def sources(release: str, found: dict[str, str]) -> str:
    paragraphs = []
    for kind, server in found.items():
        suites = f"{release}{kind}" if kind else f"{release} {release}-updates"
        paragraphs.append(
            f"Types: deb\nURIs: {server}\nSuites: {suites}\nComponents: {_COMPONENTS}\nSigned-By: {_KEYRING}\n"
        )
    return "\n".join(paragraphs)


if __name__ == "__main__":
    print(sources(sys.argv[1], servers(Path(*sys.argv[2:] or ["/etc/apt"]))), end="")
