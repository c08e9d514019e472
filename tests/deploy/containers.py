"""A process in the image's root file system, which it cannot write, as its user and in namespaces of its own, with what
the image says of command, environment and directory. Its network is this machine's."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import process

_TOOLS = ("unshare", "mount", "setpriv")
_NAMESPACES = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--propagation", "private"]

_MOUNTS = r"""
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro,nosuid,nodev "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount --bind "$STATE" "$ROOT/var/lib/firstseen"
mount --bind "$CONFIGURATION" "$ROOT/etc/firstseen"
mount -o remount,bind,ro "$ROOT/etc/firstseen"
exec setpriv --no-new-privs "$PYTHON" -c "$ENTER" "$ROOT" "$WHAT"
"""
# Nothing can be imported any more once the root is another one.
_ENTER = """
import json, os, sys, warnings
what = json.loads(sys.argv[2])
os.chroot(sys.argv[1])
os.chdir(what["directory"])
os.setgroups([])
os.setgid(what["group"])
os.setuid(what["user"])
os.execvpe(what["command"][0], what["command"], what["environment"])
"""
_TRY = "mount --bind / /mnt"


def why_not() -> str:
    """Why no container can be run here, in one line; empty if one can."""
    if os.geteuid() != 0:
        return "running the image without a container engine takes root"
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        return f"not installed: {', '.join(missing)}"
    done = subprocess.run([*_NAMESPACES, "bash", "-euc", _TRY], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no permission for namespaces: {done.stderr.strip().splitlines()[-1]}"


class Container:
    """`state` is its volume, and `configuration` its /etc/firstseen: directories of this machine."""

    def __init__(self, root: Path, execution: dict[str, Any], state: Path, configuration: Path) -> None:
        self.state, self.configuration = state, configuration
        self.log = state.with_suffix(".log")
        self._root, self._execution = root, execution

    def _enter(self, command: list[str], user: str) -> tuple[list[str], dict[str, str]]:
        number, _, group = user.partition(":")
        what = {
            "command": command,
            "directory": self._execution["WorkingDir"],
            "environment": dict(each.split("=", 1) for each in self._execution["Env"]),
            "user": int(number),
            "group": int(group),
        }
        environment = {
            "PATH": os.environ["PATH"],
            "ROOT": str(self._root),
            "STATE": str(self.state),
            "CONFIGURATION": str(self.configuration),
            "PYTHON": sys.executable,
            "ENTER": _ENTER,
            "WHAT": json.dumps(what),
        }
        return [*_NAMESPACES, "bash", "-euc", _MOUNTS], environment

    def execute(self, *command: str, user: str = "") -> subprocess.CompletedProcess[str]:
        """Any program of the image, to its end; as another `user` (UID:GID) than the image's if one is given."""
        entered, environment = self._enter(list(command), user or self._execution["User"])
        return process.run(entered, environment, timeout_s=120)

    def run(self, *arguments: str, user: str = "") -> subprocess.CompletedProcess[str]:
        """The entry point with these arguments, as `podman run IMAGE ARGUMENT...` does it."""
        return self.execute(*self._execution["Entrypoint"], *arguments, user=user)

    def start(self, *arguments: str) -> "Running":
        """The entry point with these arguments, or with the image's own if there are none. Output goes to `log`."""
        command = [*self._execution["Entrypoint"], *(arguments or self._execution["Cmd"])]
        entered, environment = self._enter(command, self._execution["User"])
        return Running(process.start(entered, self.log, env=environment))


class Running:
    """Use as a context manager; killed at the end. Its first process is number 1 in there."""

    def __init__(self, outer: subprocess.Popen) -> None:
        self._outer = outer

    def ended(self) -> bool:
        return self._outer.poll() is not None

    def signal(self, number: int) -> None:
        (child,) = self._children()
        os.kill(child, number)

    def _children(self) -> list[int]:
        own = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        return [int(pid) for pid in own.read_text().split()]

    def wait(self, timeout_s: float = 30.0) -> int:
        """Its exit status."""
        return self._outer.wait(timeout_s)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended():  # what runs in there outlives the one that waits for it
            for child in self._children():
                os.kill(child, signal.SIGKILL)
        self._outer.kill()
        self._outer.wait()
