"""The unit file by itself, without a running systemd."""

import subprocess
from pathlib import Path

import pytest
from harness.paths import ROOT

_INSTALLED = {"@CMAKE_INSTALL_FULL_BINDIR@": "/usr/bin", "@CMAKE_INSTALL_FULL_DOCDIR@": "/usr/share/doc/firstseen"}
_MOST_EXPOSED = 1.5


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """An instance of firstseen@.service as it would be installed."""
    text = (ROOT / "deploy/systemd/firstseen@.service.in").read_text()
    for variable, value in _INSTALLED.items():
        text = text.replace(variable, value)
    assert "@CMAKE" not in text
    file = tmp_path / "firstseen@orders.service"
    file.write_text(text)
    return file


def test_the_sandbox_leaves_an_exposure_of_at_most_1_5(unit: Path):
    command = [
        "systemd-analyze",
        "security",
        "--offline=yes",
        "--no-pager",
        f"--threshold={10 * _MOST_EXPOSED:.0f}",
        unit,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
