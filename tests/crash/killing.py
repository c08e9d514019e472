"""Kills: which, in what order, and how the daemon is brought to each of them."""

import random
import re
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

from harness.paths import ROOT
from harness.poll import TimedOut, hold, wait_until
from scene import MAX_BATCH, Flow, Scene

AT_RANDOM = "random"
KILLS_PER_STEP = 5
_ATTEMPTS = 5
_STEP_TIMEOUT_S = 30.0

# Steps that come once in a life; the others come with every batch, and any of them may be the one.
_ONCE = {"started", "assigned", "stopping", "rebuilding", "aborting", "aborted", "rolled_back"}
# It takes a message that arrives while a batch is being committed. The stream's, a few each 50 ms, seldom do.
_RARE = {"overlapping"}
_BURST = 4 * MAX_BATCH
_ONLY_AFTER_A_REFUSED_MESSAGE = {"aborting", "aborted", "rolled_back"}


def named_steps() -> list[str]:
    """The names in lib/dedup/steps.h, so that a new step is killed at as soon as it has a name."""
    text = (ROOT / "lib" / "dedup" / "steps.h").read_text()
    found = re.search(r"step_names\{(.*?)\}", text, re.DOTALL)
    names = re.findall(r'"(\w+)"', found.group(1)) if found else []
    if not names:
        raise RuntimeError("lib/dedup/steps.h has no step_names{...} that could be read")
    return names


def plan(kills: int, chance: random.Random) -> list[str]:
    """Every step KILLS_PER_STEP times, the rest at random moments, in random order."""
    planned = [step for step in named_steps() for _ in range(KILLS_PER_STEP)]
    planned += [AT_RANDOM] * max(kills - len(planned), 0)
    chance.shuffle(planned)
    return planned


@dataclass
class Killer:
    scene: Scene
    flow: Flow
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)  # lives that did not come to their step

    def run(self, planned: list[str]) -> None:
        for number, target in enumerate(planned, 1):
            began = time.monotonic()
            reached = any(self._kill(target) for _ in range(_ATTEMPTS))
            outcome = f"after {time.monotonic() - began:.1f} s" if reached else "was NOT reached"
            print(
                f"kill {number}/{len(planned)} {target} {outcome}, {self.scene.stream.sent} messages sent", flush=True
            )

    def _kill(self, target: str) -> bool:
        """One life of the daemon; true if it ended where it should. It may miss its step; one that stands still, or
        ends by itself, raises."""
        daemon = self.scene.daemon
        if target == "rebuilding":
            shutil.rmtree(daemon.store_path, ignore_errors=True)
        missed = False
        try:
            self._start(target)
            if not self._ends():
                self.scene.wait_progress()
                missed = daemon.running()
                daemon.kill()
        finally:
            if target in _ONLY_AFTER_A_REFUSED_MESSAGE:
                self.scene.accept_large_messages()
        status = daemon.wait_exit()
        left = target == "stopping" and status == 0  # where there was nothing to finish, the step does not come
        if status != -signal.SIGKILL and not left:
            raise RuntimeError(
                f"to be killed at {target}, it ended with exit status {status}; log: {daemon.log}\n{daemon.log_tail()}"
            )
        reached = not missed and not left
        (self.killed if reached else self.repeated)[target] += 1
        return reached

    def _start(self, target: str) -> None:
        if target == AT_RANDOM:
            self.scene.daemon.start()
            hold(self.chance.uniform(0.0, 2.0))
            self.scene.daemon.signal(signal.SIGKILL)
        else:
            count = 1 if target in _ONCE | _RARE else self.chance.randint(1, 25)
            self.scene.daemon.start(FIRSTSEEN_CRASH_AT=f"{target}:{count}")
            self._provoke(target)

    def _ends(self) -> bool:
        try:
            return wait_until(lambda: not self.scene.daemon.running(), "the daemon comes to the step", _STEP_TIMEOUT_S)
        except TimedOut as failure:
            print(f"  {failure}", flush=True)
            return False

    def _provoke(self, target: str) -> None:
        if target == "stopping":
            self.scene.wait_progress()
            self.scene.daemon.signal(signal.SIGTERM)
        elif target in _ONLY_AFTER_A_REFUSED_MESSAGE:
            self.scene.wait_progress()
            self.scene.refuse_large_messages(self.flow.pause)
        elif target in _RARE:
            self.scene.wait_progress()
            self.flow.burst(_BURST)
