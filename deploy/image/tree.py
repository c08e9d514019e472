"""The files of an image: copied from a root file system, with the links that lead to them, or made up."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

_MAX_LINKS = 40


class Kind(Enum):
    DIRECTORY = "directory"
    FILE = "file"
    LINK = "link"


@dataclass(frozen=True)
class Entry:
    path: str
    """From the root, without a slash in front."""
    kind: Kind
    mode: int
    owner: int = 0
    """User and group."""
    data: bytes = b""
    target: str = ""


def _name(path: str) -> str:
    return path.strip("/")


class Tree:
    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        """By path, so that each directory comes before what is in it."""
        return iter(sorted(self._entries.values(), key=lambda entry: entry.path.split("/")))

    def directory(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._put(Entry(_name(path), Kind.DIRECTORY, mode, owner))

    def file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        self._put(Entry(_name(path), Kind.FILE, mode, data=data))

    def link(self, path: str, target: str) -> None:
        self._put(Entry(_name(path), Kind.LINK, 0o777, target=target))

    def _put(self, entry: Entry) -> None:
        """With the directories above it that are not there yet."""
        for parent in PurePosixPath(entry.path).parents:
            if parent.name:
                above = Entry(str(parent), Kind.DIRECTORY, 0o755)
                if self._entries.setdefault(above.path, above).kind is not Kind.DIRECTORY:
                    raise ValueError(f"/{entry.path}: /{parent} is no directory")
        before = self._entries.get(entry.path, entry)
        if before.kind is not entry.kind:
            raise ValueError(f"/{entry.path} is a {before.kind.value} and a {entry.kind.value}")
        self._entries[entry.path] = entry

    def copy(self, root: Path, path: str) -> list[str]:
        """Puts in the file or link at `path` below `root`, each link on the way to it, and what these lead to. Returns
        the files and links that it put in, from the root. Rights of files are 0644 or 0755, whatever they were."""
        copied = []
        here, waiting = PurePosixPath("/"), list(PurePosixPath("/", path).parts[1:])
        while waiting:
            name = waiting.pop(0)
            if name == "..":
                here = here.parent
                continue
            here /= name
            place = root / here.relative_to("/")
            mode = place.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            copied.append(str(here))
            if len(copied) > _MAX_LINKS:
                raise ValueError(f"{path}: too many links")
            if stat.S_ISLNK(mode):
                target = place.readlink()
                self.link(str(here), str(target))
                waiting = [*(part for part in target.parts if part != "/"), *waiting]
                here = PurePosixPath("/") if target.is_absolute() else here.parent
            elif stat.S_ISREG(mode) and not waiting:
                self.file(str(here), place.read_bytes(), 0o755 if mode & 0o111 else 0o644)
            else:
                raise ValueError(f"{path}: {here} is neither a directory, a link nor a file")
        return copied
