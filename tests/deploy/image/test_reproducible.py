"""The same commit and the same packages give the same image."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from deploy.images import Image, place
from harness.paths import ROOT


def _contents(directory: Path) -> dict[str, bytes]:
    return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}


def test_made_again_it_is_the_same_to_the_last_byte(image: Image, tmp_path: Path):
    """By another time zone, umask and order of sets."""
    held = place()
    if not (held / "debian.stamp").is_file():
        pytest.skip(f"only the image is in {held}, not what it was made of")
    labels = image.execution["Labels"]
    created = int(datetime.fromisoformat(image.config["created"]).timestamp())
    command = [sys.executable, ROOT / "deploy/image/assemble.py", "--root", held / "debian", "--work", held / "work"]
    command += ["--created", str(created), "--revision", labels["org.opencontainers.image.revision"]]
    command += ["--source", labels.get("org.opencontainers.image.source", ""), "--out", tmp_path]
    environment = {"PATH": os.environ["PATH"], "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, umask=0o077, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == image.digest
    assert _contents(tmp_path / "oci") == _contents(held / "oci")
    for name in ("firstseen.oci.tar", "firstseen.cdx.json"):
        assert (tmp_path / name).read_bytes() == (held / name).read_bytes()
