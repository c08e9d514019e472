"""How long a contestant that was killed in mid-stream takes until a reader sees new output."""

import signal
import subprocess
import time
from contextlib import suppress

from arena import Arena, end, say
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from contestants import Contestant, Job
from dataset import DataSet
from exactness import Expected
from harness import process
from harness.poll import wait_until
from load import OtherLoad, prefer
from measure import Task, drained

_KILL_AT = 0.4  # of the input
_TIMEOUT_S = 180.0


def recover(arena: Arena, contestant: Contestant, topic: str, data: DataSet, expected: Expected) -> float:
    """Kills it when it has carried two fifths of the topic, starts it again at once, and returns the seconds from the
    kill to the first message of the new process that a read_committed consumer gets. The output is checked, too."""
    job = arena.job(contestant, topic, data.partitions)
    running = _start(contestant, job)
    try:
        _wait_carried(arena, running, job, _KILL_AT * data.messages)
        running.send_signal(signal.SIGKILL)
        killed_s = time.monotonic()
        running.wait()
        watch = OtherLoad((arena.broker.pid,))  # begun when one process has been waited for, read when the next one has
        if drained(arena.admin, Task(job.name, topic, job.name, data.messages)):
            raise RuntimeError(f"{contestant.name} had carried everything before it was killed: give more --messages")
        with _Reader(arena, job) as reader:  # stands behind everything that the dead process wrote
            running = _start(contestant, job)
            wait_until(reader.sees_a_message, f"{contestant.name} is back", _TIMEOUT_S, every_s=0)
            back_s = time.monotonic() - killed_s
        task = Task(job.name, topic, job.name, data.messages)
        wait_until(lambda: drained(arena.admin, task), f"{contestant.name} finishes", _TIMEOUT_S, every_s=0.2)
    finally:
        end(running)
    arena.see(watch.cores())
    verdict = arena.check(contestant, job, expected)
    say(f"{contestant.name:<20} back {back_s:.2f} s after kill -9; {verdict}")
    arena.discard(job)
    return back_s


def _start(contestant: Contestant, job: Job) -> subprocess.Popen:
    started = process.start(contestant.command(job), job.directory / "log")
    prefer(started.pid)
    return started


def _wait_carried(arena: Arena, running: subprocess.Popen, job: Job, messages: float) -> None:
    def carried() -> bool:
        if running.poll() is not None:
            raise RuntimeError(f"the contestant ended with status {running.returncode}")
        with suppress(KafkaException):
            return sum(arena.admin.committed(job.name, job.input).values()) >= messages
        return False

    wait_until(carried, f"{job.name} has carried {messages:.0f} messages", _TIMEOUT_S, every_s=0.02)


class _Reader:
    """A read_committed consumer of the output, from its present end on."""

    def __init__(self, arena: Arena, job: Job) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": job.brokers,
                "group.id": f"{job.name}.reader",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        ends = arena.admin.end_offsets(job.name)
        places = [TopicPartition(job.name, partition, offset or OFFSET_BEGINNING) for partition, offset in ends.items()]
        self._consumer.assign(places)

    def sees_a_message(self) -> bool:
        message = self._consumer.poll(0.1)
        return message is not None and message.error() is None

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()
