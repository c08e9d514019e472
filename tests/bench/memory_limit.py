"""A limit on a command's memory, page cache included, by a control group of its own."""

import os
from pathlib import Path
from types import TracebackType

_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")


class NotPossible(Exception):
    """This machine does not let us; the text says why."""


class MemoryLimit:
    """None at first; see set()."""

    def __init__(self) -> None:
        base, file = (_V1, "memory.limit_in_bytes") if _V1.is_dir() else (_V2, "memory.max")
        self._group = base / f"firstseen-bench-{os.getpid()}"
        self._file = file

    def __enter__(self) -> "MemoryLimit":
        try:
            self._group.mkdir()
            (self._group / self._file).read_text()
        except OSError as error:
            if self._group.is_dir():
                self._group.rmdir()
            raise NotPossible(f"no control group with a memory limit can be made here ({error})") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._group.rmdir()

    def set(self, limit_bytes: int) -> None:
        (self._group / self._file).write_text(str(limit_bytes))

    def command(self, command: list[str]) -> list[str]:
        """The same command, inside the group from its first moment."""
        return ["sh", "-c", f'echo $$ > "{self._group}/cgroup.procs" && exec "$@"', "sh", *command]
