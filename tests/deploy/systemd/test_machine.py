"""What the tests under systemd run on, and when they are left out."""

import os
import time
from pathlib import Path

import pytest
from harness.debian import Unavailable, is_fresh
from harness.machine import Machine, why_not


def test_a_machine_that_ends_before_it_is_up_is_told_by_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for folder in ("bin", "root"):
        (tmp_path / folder).mkdir()
    stand_in = tmp_path / "bin/systemd-nspawn"
    stand_in.write_text("#!/bin/sh\necho 'Failed to determine supported controllers'\nexit 1\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    if reason := why_not():
        pytest.skip(reason)
    with pytest.raises(Unavailable, match=r"exit status 1\): Failed to determine supported controllers$"):
        Machine(tmp_path / "root").__enter__()


def test_its_root_file_system_is_made_anew_after_a_day_and_for_other_packages(tmp_path: Path):
    stamp = tmp_path / "root.stamp"
    assert not is_fresh(stamp, "systemd")
    stamp.write_text("systemd")
    assert is_fresh(stamp, "systemd")
    assert not is_fresh(stamp, "systemd,libssl3")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(stamp, (two_days_ago, two_days_ago))
    assert not is_fresh(stamp, "systemd")
