"""The program under test as a process: configuration, start, stop, kill, logs."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from . import process
from .paths import firstseen_binary
from .poll import wait_until

EXIT_UNAVAILABLE = 69
EXIT_TRY_AGAIN = 75
EXIT_CONFIG = 78


def config(directory: Path, brokers: str, topics: list[str], group: str, output: str, /, **sections: Mapping) -> dict:
    """A configuration for short tests: fast commits, a fixed instance name, no HTTP (its port is one machine's).
    `sections` are merged into the sections of the same name; a property None is left out."""
    made: dict[str, dict] = {
        "kafka": {"brokers": [brokers]},
        "input": {"topics": topics, "group": group},
        "output": {"topic": output},
        "key": {"fields": ["payload:/id"]},
        "store": {"path": str(directory / "store"), "max_size": "1GiB", "durability": "process_crash"},
        "delivery": {"commit_interval": "50ms"},
        "run": {"instance": "a"},
        "http": {"listen": ""},
    }
    for section, values in sections.items():
        merged = {**made.get(section, {}), **values}
        made[section] = {name: value for name, value in merged.items() if value is not None}
    return made


class Daemon:
    """One `firstseen run`. The configuration file may be changed between starts; the log goes on."""

    def __init__(self, directory: Path, configuration: Mapping, name: str = "firstseen") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.config_file = directory / f"{name}.yaml"
        self.log = directory / f"{name}.log"
        self.log.touch()
        self.store_path = Path(configuration["store"]["path"])
        self.configure(configuration)
        self._process: subprocess.Popen | None = None

    def configure(self, configuration: Mapping) -> None:
        """JSON is YAML too."""
        self.config_file.write_text(json.dumps(configuration, indent=1))

    def start(self, **environment: str) -> "Daemon":
        assert self._process is None or self._process.poll() is not None, "it is running"
        self._log_start = self.log.stat().st_size
        command = [str(firstseen_binary()), "run", "--config", str(self.config_file)]
        self._process = process.start(command, self.log, env={**os.environ, **environment})
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait_exit(self, timeout_s: float = 30.0) -> int:
        """Its exit status; minus the signal's number if a signal killed it."""
        assert self._process is not None
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout_s:g} s:\n{self.log_tail()}") from None

    def stop(self, timeout_s: float = 15.0) -> int:
        """SIGTERM, once it has logged something: a signal while the program is still being loaded simply ends it."""
        wait_until(lambda: self.log_text() or not self.running(), "the daemon has started")
        self.signal(signal.SIGTERM)
        return self.wait_exit(timeout_s)

    def kill(self) -> None:
        if self.running():
            self.signal(signal.SIGKILL)
            self.wait_exit()

    def log_text(self, whole: bool = False) -> str:
        """What it has logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(0 if whole else self._log_start)
            return log.read().decode(errors="replace")

    def log_tail(self, lines: int = 25) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def wait_log(self, *words: str, timeout_s: float = 30.0) -> str:
        """The first line since the last start that contains all these words (upper and lower case alike)."""

        try:
            wait_until(lambda: self.logged(*words) or not self.running(), f"a log line with {words}", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log_tail()}") from None
        line = self.logged(*words)
        assert line, f"ended with {self.wait_exit()}, without a log line with {words}:\n{self.log_tail()}"
        return line

    def logged(self, *words: str) -> str | None:
        """The first line since the last start that contains all these words (upper and lower case alike), if any."""
        for line in self.log_text().splitlines():
            if all(word.lower() in line.lower() for word in words):
                return line
        return None

    def command(self, *arguments: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Another command of the program with this configuration, such as skip or store stats."""
        name, *rest = arguments
        full = [str(firstseen_binary()), name, *rest, "--config", str(self.config_file)]
        return subprocess.run(full, capture_output=True, text=True, timeout=timeout_s, check=False)

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def cpu_and_memory(pid: int) -> tuple[float, int]:
    """CPU seconds used so far and the peak resident memory in bytes, from /proc (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = Path(f"/proc/{pid}/status").read_text()
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return cpu_s, peak_kib * 1024


def alive_for(seconds: float, daemon: Daemon) -> bool:
    """Watches a process that is expected to stay: false as soon as it has ended."""
    deadline = time.monotonic() + seconds
    wait_until(lambda: not daemon.running() or time.monotonic() > deadline, "the watch is over", seconds + 5)
    return daemon.running()
