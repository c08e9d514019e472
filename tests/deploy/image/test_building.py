"""What building the image does where it cannot be built: takes no root, no network and no real image."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from deploy.images import Lack, lack, why_not_of_this_tree
from deploy.releases import package_of
from harness.debian import this_release
from harness.paths import ROOT

_UNAVAILABLE = 69
# Namespaces and mounts are granted; what is to run in them does, but for the building of the program.
_UNSHARE = """while [ $# -gt 0 ]; do
  case $1 in
    mount) exit 0 ;;
    timeout) exec "$@" ;;
    bash) mkdir -p "$WORK/firstseen/build/deb"
      echo 'a.cpp:7:1: error: no such type' >"$WORK/firstseen/build/deb/build.log"
      exit 1 ;;
  esac
  shift
done"""
_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Sources without a commit; programs in bin/ come before this machine's."""
    shutil.copytree(ROOT / "deploy/image", tmp_path / "tree/deploy/image")
    (tmp_path / "tree/bin").mkdir()
    _stand_in(tmp_path / "tree", "unshare", _UNSHARE)
    _stand_in(tmp_path / "tree", "mmdebstrap", "exit 0")
    return tmp_path / "tree"


def _stand_in(tree: Path, program: str, script: str) -> None:
    file = tree / "bin" / program
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def _build(tree: Path, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{tree / 'bin'}:{path}"}
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
    _stand_in(tree, "mmdebstrap", "echo once >>tries; echo 'E: no such host' >&2; echo 'E: failed to run' >&2; exit 1")
    done = _build(tree)
    assert done.returncode == _UNAVAILABLE, done.stderr
    assert "image: no Debian 13 can be made, tried twice: E: no such host" in done.stderr
    assert (tree / "tries").read_text().splitlines() == ["once", "once"]


def test_a_mirror_that_does_not_answer_is_not_waited_for_without_end(tree: Path):
    _stand_in(tree, "git", f"echo {_COMMIT}")
    _stand_in(tree, "timeout", "exit 124")
    done = _build(tree)
    assert done.returncode == _UNAVAILABLE, done.stderr
    assert "tried twice: it took more than 600 s" in done.stderr


def test_all_that_is_not_installed_is_told_at_once_and_before_anything_is_made(tree: Path):
    nothing_else = tree / "programs"
    nothing_else.mkdir()
    for program in ("bash", "dirname", "mkdir", "sh"):
        found = shutil.which(program)
        assert found
        (nothing_else / program).symlink_to(found)
    (tree / "bin/mmdebstrap").unlink()
    done = _build(tree, str(nothing_else))
    assert done.returncode == _UNAVAILABLE, done.stderr
    assert "image: not installed: apt-config git mmdebstrap mount python3" in done.stderr
    assert [left.name for left in (tree / "build/image").iterdir()] == ["failure"]


def test_without_namespaces_there_is_no_image_and_the_status_says_that_it_is_not_to_be_had(tree: Path):
    _stand_in(tree, "unshare", "echo 'unshare failed: Operation not permitted' >&2; exit 1")
    done = _build(tree)
    assert done.returncode == _UNAVAILABLE, done.stderr
    assert "takes root, and the right to namespaces and mounts: unshare failed: Operation not permitted" in done.stderr


def _sources(tree: Path) -> None:
    """All that the program is built of."""
    for name in ("CMakeLists.txt", "LICENSE", "CHANGELOG.md", "dev", "cmake/documents.txt"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).touch()
    for name in ("config", "daemon", "lib", "deploy/systemd", "deploy/debian", "deploy/helm/firstseen/files"):
        (tree / name).mkdir(parents=True, exist_ok=True)


def test_a_build_that_fails_leaves_its_reason_for_the_images_tests_and_for_no_other(
    tree: Path, monkeypatch: pytest.MonkeyPatch
):
    _sources(tree)
    _stand_in(tree, "git", f"echo {_COMMIT}")
    done = _build(tree)
    assert done.returncode == 1, done.stderr
    monkeypatch.setenv("FIRSTSEEN_IMAGE", str(tree / "build/image"))
    none = lack()
    assert none is not None
    assert none.failed
    assert none.reason.startswith("building the program failed: a.cpp:7:1: error: no such type; ")
    if this_release() != "trixie":
        with pytest.raises(pytest.skip.Exception, match="error: no such type"):
            package_of("trixie", "firstseen")


def test_what_cannot_be_had_is_left_for_the_tests_as_no_fault(tree: Path, monkeypatch: pytest.MonkeyPatch):
    _stand_in(tree, "git", "echo 'fatal: not a git repository' >&2; exit 128")
    _build(tree)
    monkeypatch.setenv("FIRSTSEEN_IMAGE", str(tree / "build/image"))
    no_commit = "the image names the commit that it is made of: fatal: not a git repository"
    assert lack() == Lack(no_commit, failed=False)


def test_an_image_of_another_commit_is_not_taken_for_these_sources_unless_somebody_names_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("FIRSTSEEN_IMAGE", raising=False)
    assert f"the image is of commit {_COMMIT}" in why_not_of_this_tree(_COMMIT)
    monkeypatch.setenv("FIRSTSEEN_IMAGE", "elsewhere")
    assert why_not_of_this_tree(_COMMIT) == ""
