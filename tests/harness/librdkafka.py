"""Which librdkafka the program has loaded, and what is its fault."""

import json
import re
import signal
import subprocess
import warnings

from .daemon import Daemon
from .paths import firstseen_binary

# What is tried again is no reason to end.
_OWN_LAST_WORDS = re.compile(r"^\S+ error (?!.*trying again)|terminate called|/c\+\+/.*Assertion")


def librdkafka_version() -> tuple[int, ...]:
    """Of the library that the program has loaded."""
    done = subprocess.run([str(firstseen_binary()), "version", "--json"], capture_output=True, text=True, check=True)
    return tuple(int(number) for number in json.loads(done.stdout)["librdkafka"].split("-")[0].split("."))


def is_librdkafkas_crash(daemon: Daemon, status: int) -> bool:
    """Has librdkafka ended the process? Once a topic was made anew between two looks at the metadata, these versions
    use its old entry after it was freed, at any time: https://github.com/confluentinc/librdkafka/issues/4964. Nothing
    is taken for that of which firstseen or the C++ library has said something. Pytest's summary shows each."""
    if status not in {-signal.SIGSEGV, -signal.SIGABRT} or not (2, 4) <= librdkafka_version() < (2, 10):
        return False
    name = signal.Signals(-status).name
    own = [line for line in daemon.log_text().splitlines() if _OWN_LAST_WORDS.search(line)]
    assert not own, f"ended by {name}, and not by librdkafka's defect: {own}"
    warnings.warn(f"ended by {name}, taken for librdkafka #4964; its last lines:\n{daemon.log_tail(5)}", stacklevel=2)
    return True
