"""Where, when and with which versions something was measured."""

import json
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from harness.paths import KAFKA_LIB, ROOT, firstseen_binary

_RESULTS = "tests/bench/RESULTS.md"


def machine() -> dict[str, str]:
    memory_kib = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1))
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}",
        "memory": f"{memory_kib / 2**20:.0f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
    }


def versions(*names: str) -> dict[str, str]:
    """Of firstseen always; the others by name: librdkafka, Kafka, Java."""
    known = {"librdkafka": _librdkafka, "Kafka": _kafka, "Java": _java}
    return {"firstseen": commit()} | {name: known[name]() for name in names}


def commit(tree: Path = ROOT) -> str:
    """The commit of the tree, and whether anything but the results differs from it."""
    if shutil.which("git") is None or not (tree / ".git").exists():
        return "of an unknown commit"
    short = _output("git", "-C", str(tree), "rev-parse", "--short=10", "HEAD")
    changes = _output("git", "-C", str(tree), "status", "--porcelain", "--", ".", f":!{_RESULTS}")
    return short + (" with changes" if changes else "")


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _distribution() -> str:
    pretty = re.search(r'PRETTY_NAME="?([^"\n]*)', Path("/etc/os-release").read_text())
    return pretty.group(1) if pretty else "unknown"


def _librdkafka() -> str:
    return json.loads(_output(str(firstseen_binary()), "version", "--json"))["librdkafka"]


def _kafka() -> str:
    jars = sorted(KAFKA_LIB.glob("kafka_2.13-*.jar"))
    return jars[0].stem.removeprefix("kafka_2.13-") if jars else "unknown"


def _java() -> str:
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "([^"]+)"', done.stderr)
    return found.group(1) if found else "unknown"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
