"""Where things are, and the jars of Apache Kafka."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
KAFKA_LIB = BUILD / "kafka-lib"
POM = Path(__file__).parent / "kafka" / "pom.xml"


def firstseen_binary() -> Path:
    """The program under test: $FIRSTSEEN or build/release/firstseen."""
    return _program(os.environ.get("FIRSTSEEN", "build/release/firstseen"), "FIRSTSEEN")


def bare_loop_binary() -> Path:
    """The loop without deduplication: $BARE_LOOP or build/release/bare_loop."""
    return _program(os.environ.get("BARE_LOOP", "build/release/bare_loop"), "BARE_LOOP")


def _program(text: str, variable: str) -> Path:
    path = ROOT / text
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: build it (./dev build) or set {variable}")
    return path


def ensure_jars() -> Path:
    """Fetches Apache Kafka from Maven Central unless the jars of this very pom are there; returns their folder."""
    stamp = KAFKA_LIB / "pom.xml"
    if not stamp.is_file() or stamp.read_bytes() != POM.read_bytes():
        subprocess.run(
            ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={KAFKA_LIB}"],
            check=True,
        )
        stamp.write_bytes(POM.read_bytes())
    return KAFKA_LIB
