"""One measured run of a contestant: from a full input topic to a drained group."""

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from confluent_kafka import KafkaException
from harness.admin import Admin
from harness.poll import wait_until
from load import cpu_s, memory_bytes

_PEAK = "VmHWM"
_ANONYMOUS = ("RssAnon", "RssShmem")
_ANSWER_S = 0.2  # while a transaction decides the offsets there is no answer, and a run is not drained
_NEARLY_ALL = 0.995  # what comes last waits for the commit interval, and is markers


@dataclass(frozen=True)
class Measured:
    messages_per_s: float  # input messages between the first growth of the output and the last but 0.5 %
    second_half_per_s: float  # the same for the second half of the output, when a JVM is warm
    cpu_us: float  # of the contestants, per input message, from their start
    peak_bytes: int  # resident, mapped files included
    anonymous_bytes: int  # the peak of what no file backs
    index_bytes: int = 0  # of it: what knows the keys
    other_cores: float = 0.0  # CPU that neither the contestants nor the broker used


@dataclass(frozen=True)
class Task:
    group: str
    input: str
    output: str
    messages: int  # in the input
    timeout_s: float = 600.0


def drained(admin: Admin, task: Task) -> bool:
    """The group has committed all of the input; false while a transaction is deciding."""
    with suppress(KafkaException):
        return sum(admin.committed(task.group, task.input, _ANSWER_S).values()) == task.messages
    return False


def measure(admin: Admin, running: list[subprocess.Popen], task: Task) -> Measured:
    """The processes have just been started (or released); the output topic was empty."""
    growth: list[tuple[float, int]] = []  # (time, sum of the high watermarks) at each change
    anonymous = [0]

    def finished() -> bool:
        for each in running:
            if each.poll() is not None:
                raise RuntimeError(f"the contestant ended with status {each.returncode}")
        anonymous[0] = max(anonymous[0], sum(memory_bytes(each.pid, *_ANONYMOUS) for each in running))
        total = sum(admin.end_offsets(task.output).values())
        if total > (growth[-1][1] if growth else 0):
            growth.append((time.monotonic(), total))
            return False
        return drained(admin, task)

    before_s = sum(cpu_s(each.pid) for each in running)
    wait_until(finished, f"{task.group} has drained {task.input}", task.timeout_s, every_s=0.03)
    used_s = sum(cpu_s(each.pid) for each in running) - before_s
    return Measured(
        messages_per_s=_rate(growth, 0.0, task.messages),
        second_half_per_s=_rate(growth, 0.5, task.messages),
        cpu_us=used_s / task.messages * 1e6,
        peak_bytes=sum(memory_bytes(each.pid, _PEAK) for each in running),
        anonymous_bytes=anonymous[0],
    )


def _rate(growth: list[tuple[float, int]], from_share: float, messages: int) -> float:
    """Input messages a second from that share of the output on: the output's growth stands for the input's. 0 if it
    came too quickly to be seen growing."""
    total = growth[-1][1]
    start_s, start_total = next(point for point in growth if point[1] >= from_share * total)
    end_s, end_total = next(point for point in growth if point[1] >= _NEARLY_ALL * total)
    return messages * (end_total - start_total) / total / (end_s - start_s) if end_s > start_s else 0.0
