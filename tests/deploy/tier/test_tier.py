"""What the tier itself does where several processes run it, and where something cannot be had: takes no root and no
network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from deploy.tools import once
from harness import debian, paths, process
from harness.debian import Unavailable, root_file_system
from harness.maven import maven
from harness.poll import wait_until
from harness.results import rows, table

_PACKAGES = ["procps"]
# In a process of its own; the module's places are below a temporary directory.
_MAKE = f"""
import sys
from pathlib import Path
from harness import debian, paths
debian._PLACE, paths.BUILD = Path(sys.argv[1]) / "deploy", Path(sys.argv[1])
debian.root_file_system("machine", "bookworm", {_PACKAGES})
"""
_UNSHARE = 'while [ "$1" != mmdebstrap ]; do shift; done; exec "$@"'
# Its last arguments are the release, the root file system and the sources.
_MAKES_IT = 'echo once >>"{tries}"; while [ $# -gt 2 ]; do shift; done; mkdir "$1"'
_NO_HOST = "E: Failed to fetch http://near.example: no such host"


def _stand_in(place: Path, program: str, script: str) -> None:
    file = place / program
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of Debians, which nothing makes: programs in there come before this machine's."""
    monkeypatch.setattr(debian, "_PLACE", tmp_path / "deploy")
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(paths.ROOT / "tests"))
    _stand_in(tmp_path, "unshare", _UNSHARE)
    return tmp_path


def _tries(place: Path) -> int:
    return len((place / "tries").read_text().splitlines())


def test_a_debian_that_could_not_be_made_is_tried_once_more(place: Path):
    tries = place / "tries"
    first = f"[ -e '{tries}' ] || {{ echo once >'{tries}'; echo '{_NO_HOST}' >&2; exit 1; }}"
    _stand_in(place, "mmdebstrap", f"{first}\n{_MAKES_IT.format(tries=tries)}")
    assert root_file_system("machine", "bookworm", _PACKAGES).is_dir()
    assert _tries(place) == 2
    root_file_system("machine", "bookworm", _PACKAGES)
    assert _tries(place) == 2, "it is there"


def test_a_debian_that_cannot_be_made_is_told_by_the_first_error_and_what_to_try(place: Path):
    _stand_in(place, "mmdebstrap", f"echo once >>'{place / 'tries'}'; echo '{_NO_HOST}'; echo 'E: failed'; exit 1")
    with pytest.raises(Unavailable, match=f"^no bookworm can be made, tried twice: {_NO_HOST} .*apt-get update"):
        root_file_system("machine", "bookworm", _PACKAGES)
    assert _tries(place) == 2


def test_a_mirror_that_does_not_answer_is_not_waited_for_without_end(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(debian, "_DEADLINE_S", 0.2)
    _stand_in(place, "mmdebstrap", "exec tail -f /dev/null")
    with pytest.raises(Unavailable, match=r"tried twice: it took more than 0\.2 s"):
        root_file_system("machine", "bookworm", _PACKAGES)


def test_what_a_program_has_started_ends_with_it_at_the_deadline(tmp_path: Path):
    log = tmp_path / "log"
    assert process.finish(["bash", "-c", "tail -f /dev/null & echo $!; wait"], log, 2.0) is None
    started = Path("/proc") / log.read_text().strip()

    def ended() -> bool:
        try:
            return "\nState:\tZ" in (started / "status").read_text()
        except OSError:
            return True

    wait_until(ended, "the child of what was killed has ended")


def test_two_processes_that_need_the_same_debian_make_one(place: Path):
    tries, gate = place / "tries", place / "gate"
    os.mkfifo(gate)
    _stand_in(place, "mmdebstrap", f"read line <'{gate}'\n{_MAKES_IT.format(tries=tries)}")
    gate_open = os.open(gate, os.O_RDWR)
    both = [subprocess.Popen([sys.executable, "-c", _MAKE, str(place)]) for _ in range(2)]

    def one_waits() -> bool:
        waiting = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" in line]
        return bool({str(each.pid) for each in both} & {word for words in waiting for word in words})

    try:
        wait_until(one_waits, "one of them waits for the other")
        os.write(gate_open, b"go on\n")
        assert [each.wait(30) for each in both] == [0, 0]
    finally:
        for each in both:
            each.kill()
            each.wait()
        os.close(gate_open)
    assert _tries(place) == 1


def test_what_maven_could_not_fetch_is_tried_once_more(place: Path):
    _stand_in(place, "mvn", f"echo once >>'{place / 'tries'}'; [ $(wc -l <'{place / 'tries'}') -gt 1 ]")
    maven(place / "pom.xml", "validate")
    assert _tries(place) == 2


def test_a_tool_that_cannot_be_had_is_looked_for_once():
    asked = []

    @once
    def tool() -> Path:
        asked.append(1)
        pytest.skip("no such host")

    for _ in range(2):
        with pytest.raises(pytest.skip.Exception, match="no such host"):
            tool()
    assert len(asked) == 1


def _report(nodeid: str, stop: float) -> pytest.TestReport:
    return pytest.TestReport(nodeid, ("", 0, ""), {}, "passed", None, "call", stop=stop)


def test_the_table_is_by_part_and_names_no_group_of_tests():
    reports = [_report("page/test_page.py::test_is_dark[a@b]@page-healthy", 1.0)]
    reports += [_report("image/test_chart.py::test_fits@image/test_chart", 2.0)]
    assert [(row.part, row.what) for row in rows(reports)] == [("image", "fits"), ("page", "is dark[a@b]")]
    assert list(table(rows(reports)))[-1] == "2 ok, 0 FAILED, 0 left out"
