#!/usr/bin/env python3
"""./dev test cluster: a Kubernetes node with Apache Kafka beside it, in namespaces of their own, and the tests there.

Arguments go to pytest. What is missing is built first: the cluster's programs and the image. Where that cannot be done,
or no node can run, it says why in one line and exits with status 0."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from cluster import build, space
from harness.paths import ROOT, ensure_jars

from deploy import tools

_UNAVAILABLE = 69
"""What building the image takes cannot be had here."""


def _helm() -> tuple[Path | None, str]:
    """The deploy tier's, or why there is none."""
    try:
        return tools.helm(), ""
    except pytest.skip.Exception as reason:
        return None, str(reason)


def _end(_number: int, _frame: FrameType | None) -> None:
    """As Ctrl-C does it, which leaves nothing behind."""
    sys.exit(128 + signal.SIGTERM)


def main() -> int:
    signal.signal(signal.SIGTERM, _end)
    if reason := build.why_not() or space.why_not() or _helm()[1]:
        print(f"left out: the cluster tests ({reason})", flush=True)
        return 0
    build.build()
    ensure_jars()
    if "FIRSTSEEN_IMAGE" not in os.environ:
        built = subprocess.run([ROOT / "dev", "package", "image"], check=False)
        if built.returncode == _UNAVAILABLE:
            print("left out: the cluster tests (no image, as said above)", flush=True)
            return 0
        built.check_returncode()
    os.environ["FIRSTSEEN_HELM"] = str(_helm()[0])
    return space.run([sys.executable, "-m", "pytest", str(Path(__file__).parent), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
