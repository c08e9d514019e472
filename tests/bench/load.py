"""What a process has used, what others used meanwhile, and the priority of what is measured: /proc (proc(5))."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

DISTURBED_CORES = 0.3  # others used more than this: the run is worth little
_AUTOGROUP = Path("/proc/sys/kernel/sched_autogroup_enabled")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds that a running process has used."""
    return sum(_times(pid)[:2])


def _times(pid: int) -> list[float]:
    """User and system time of the process, then of its children that have been waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(field) / _TICKS_PER_S for field in fields[11:15]]


def memory_bytes(pid: int, *names: str) -> int:
    """The sum of these lines of /proc/PID/status: VmHWM is the peak resident memory, RssAnon what no file backs."""
    wanted = {f"{name}:" for name in names}
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return sum(int(words[1]) * 1024 for words in lines if words and words[0] in wanted)


class OtherLoad:
    """The CPU that neither this program, its ended children nor `ours` used, in cores; what the hypervisor gave to
    other machines counts, too."""

    def __init__(self, ours: Iterable[int]) -> None:
        self._ours = tuple(ours)
        self._start_s, self._start_cpu_s = time.monotonic(), self._others_s()

    def _others_s(self) -> float:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
        used_s = (user + nice + system + irq + softirq + steal) / _TICKS_PER_S
        return used_s - sum(_times(os.getpid())) - sum(cpu_s(pid) for pid in self._ours)

    def cores(self) -> float:
        return max(0.0, self._others_s() - self._start_cpu_s) / (time.monotonic() - self._start_s)


def prefer(pid: int) -> str:
    """Raises the priority of the session of a measured process where the kernel groups processes by session; says how
    it went. Nice values have no effect between such groups."""
    if not _AUTOGROUP.is_file() or _AUTOGROUP.read_text().strip() != "1":
        return "not raised: the kernel does not group processes by session"
    try:
        Path(f"/proc/{pid}/autogroup").write_text("-10")
    except OSError as error:
        return f"not raised: {error.strerror} (needs root)"
    return "raised: autogroup -10"
