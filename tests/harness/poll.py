"""The only place in these tests that sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TimedOut(AssertionError):
    """A condition did not come true before its deadline."""


def wait_until(condition: Callable[[], T], what: str, timeout_s: float = 30.0, every_s: float = 0.05) -> T:
    """The condition's first true value. After `timeout_s`: TimedOut, which names `what` and the last value seen."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"not within {timeout_s:g} s: {what} (last seen: {value!r})")
        time.sleep(every_s)


def hold(seconds: float) -> None:
    """Lets something run for a while; for disturbers that choose a random moment, never to wait for a result."""
    time.sleep(seconds)
