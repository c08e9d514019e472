"""An interactive program on a terminal of its own, as a person has it."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

_CHUNK_BYTES = 65536


class Terminal:
    """Use as a context manager. The program is killed at the end."""

    def __init__(self, command: list[str], directory: Path, environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = ""

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def expect(self, pattern: str, timeout_s: float = 20.0) -> re.Match[str]:
        """The first match in what was printed since the last one."""
        deadline = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self._seen)):
            left = deadline - time.monotonic()
            ready = select.select([self._ours], [], [], max(left, 0.0))[0]
            if not ready:
                raise AssertionError(f"not within {timeout_s:g} s: {pattern!r}; printed: {self._seen!r}")
            self._seen += os.read(self._ours, _CHUNK_BYTES).decode(errors="replace")
        self._seen = self._seen[found.end() :]
        return found

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)
