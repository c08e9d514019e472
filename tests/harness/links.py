"""Links of documents to other files."""

import re
from collections.abc import Iterable
from pathlib import Path

_LINK = re.compile(r"\]\(([^()\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#")


def dead_links(documents: Iterable[Path]) -> list[str]:
    """Relative links to nothing, as DOCUMENT: LINK; what stands in code is none."""
    dead = []
    for document in documents:
        for one in _LINK.finditer(_CODE.sub("", document.read_text())):
            link = one[1] or one[2]
            if not _ELSEWHERE.match(link) and not (document.parent / link.partition("#")[0]).exists():
                dead.append(f"{document}: {link}")
    return dead
