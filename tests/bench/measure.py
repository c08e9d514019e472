"""One measured run of a contestant: from a full input topic to a drained group."""

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from harness.admin import Admin
from harness.daemon import cpu_and_memory
from harness.poll import wait_until

_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Measured:
    messages_per_s: float  # input messages between the first and the last growth of the output
    cpu_us: float  # of the contestant, per input message, from its start
    peak_bytes: int  # resident
    other_cores: float  # CPU that neither the contestant nor the broker used: over 0.3 the run was disturbed


def measure(
    admin: Admin,
    running: subprocess.Popen,
    broker_pid: int,
    *,
    group: str,
    input_topic: str,
    output_topic: str,
    messages: int,
) -> Measured:
    """`running` has just been started; the output topic was empty."""
    watch = _OtherLoad((running.pid, broker_pid))
    growth: list[tuple[float, int]] = []  # (time, sum of the high watermarks) at each change

    def finished() -> bool:
        if running.poll() is not None:
            raise RuntimeError(f"the contestant ended with status {running.returncode}")
        total = sum(admin.end_offsets(output_topic).values())
        if total > (growth[-1][1] if growth else 0):
            growth.append((time.monotonic(), total))
            return False
        with suppress(KafkaException):
            return sum(admin.committed(group, input_topic).values()) == messages
        return False

    wait_until(finished, f"{group} has drained {input_topic}", _TIMEOUT_S, every_s=0.03)
    cpu_s, peak_bytes = cpu_and_memory(running.pid)
    (first_time, first), (last_time, last) = growth[0], growth[-1]
    rate = messages * (last - first) / last / (last_time - first_time)
    return Measured(rate, cpu_s / messages * 1e6, peak_bytes, watch.cores())


class _OtherLoad:
    def __init__(self, ours: tuple[int, ...]) -> None:
        self._ours = (*ours, os.getpid())
        self._start_s, self._start_cpu_s = time.monotonic(), self._others_s()

    def _others_s(self) -> float:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        user, nice, system, _idle, _iowait, irq, softirq, _steal = map(int, fields)
        busy_s = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
        return busy_s - sum(cpu_and_memory(pid)[0] for pid in self._ours)

    def cores(self) -> float:
        return max(0.0, self._others_s() - self._start_cpu_s) / (time.monotonic() - self._start_s)
