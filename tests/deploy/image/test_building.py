"""What building the image does where it cannot be built: takes no root, no network and no real image."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from deploy.images import why_not_of_this_tree
from harness.paths import ROOT

_UNAVAILABLE = 69
_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Sources without a commit; programs in bin/ come before this machine's."""
    shutil.copytree(ROOT / "deploy/image", tmp_path / "tree/deploy/image")
    (tmp_path / "tree/bin").mkdir()
    return tmp_path / "tree"


def _stand_in(tree: Path, program: str, script: str) -> None:
    file = tree / "bin" / program
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def _build(tree: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{tree / 'bin'}:{os.environ['PATH']}"}
    command = ["bash", tree / "deploy/image/build"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_a_commit_there_is_no_image_and_the_status_says_that_it_is_not_to_be_had(tree: Path):
    _stand_in(tree, "git", "echo 'fatal: not a git repository' >&2; exit 128")
    done = _build(tree)
    assert done.returncode == _UNAVAILABLE, done.stderr
    assert "image: the image names the commit that it is made of: fatal: not a git repository" in done.stderr


def test_without_a_mirror_there_is_no_image_and_the_status_says_that_it_is_not_to_be_had(tree: Path):
    _stand_in(tree, "git", f"echo {_COMMIT}")
    _stand_in(tree, "apt-config", "true")
    _stand_in(tree, "mmdebstrap", "echo 'E: no such host' >&2; exit 1")
    done = _build(tree)
    assert done.returncode == _UNAVAILABLE, done.stderr
    assert "E: no such host" in done.stderr
    assert "image: no Debian 13 can be made from the sources in " in done.stderr


def test_an_image_of_another_commit_is_not_taken_for_these_sources_unless_somebody_names_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("FIRSTSEEN_IMAGE", raising=False)
    assert f"the image is of commit {_COMMIT}" in why_not_of_this_tree(_COMMIT)
    monkeypatch.setenv("FIRSTSEEN_IMAGE", "elsewhere")
    assert why_not_of_this_tree(_COMMIT) == ""
