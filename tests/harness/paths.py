"""Where things are, and the jars of Apache Kafka."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .maven import maven

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
KAFKA_LIB = BUILD / "kafka-lib"
POM = Path(__file__).parent / "kafka" / "pom.xml"


def program(name: str) -> Path:
    """One of the tree's programs: what the environment variable of its name in capitals says, or build/release/NAME."""
    variable = name.upper()
    path = ROOT / os.environ.get(variable, f"build/release/{name}")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: build it (./dev build release {name}) or set {variable}")
    return path


def firstseen_binary() -> Path:
    """The program under test."""
    return program("firstseen")


def bare_loop_binary() -> Path:
    """The loop without deduplication."""
    return program("bare_loop")


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Only one process at a time does this, of pytest's workers, say."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_jars() -> Path:
    """Fetches Apache Kafka from Maven Central unless the jars of this very pom are there; returns their folder."""
    stamp = KAFKA_LIB / "pom.xml"
    with alone("kafka-lib"):
        if not stamp.is_file() or stamp.read_bytes() != POM.read_bytes():
            maven(POM, "dependency:copy-dependencies", f"-DoutputDirectory={KAFKA_LIB}")
            stamp.write_bytes(POM.read_bytes())
    return KAFKA_LIB
