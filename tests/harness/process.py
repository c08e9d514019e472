"""Child processes: run to their end, or started so that they do not outlive the test run."""

import os
import signal
import socket
import subprocess
from pathlib import Path

_DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


def start(command: list[str], log: Path, env: dict[str, str] | None = None) -> subprocess.Popen:
    """Starts a process in a session of its own, whose stdout and stderr are appended to `log`; it is killed when this
    program dies. Call it from the main thread: the kernel counts the death of the starting thread as the parent's."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [*_DIE_WITH_PARENT, *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )


def finish(command: list[str], log: Path, timeout_s: float) -> int | None:
    """A command to its end, with its output appended to `log`: its exit status, or None where the deadline has passed
    and it was killed, with all that it had started."""
    running = start(command, log)
    try:
        return running.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def run(
    command: list[str], env: dict[str, str] | None = None, timeout_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """A command to its end, whatever that is, without a terminal and with its output as text."""
    return subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 on which nobody listens now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
