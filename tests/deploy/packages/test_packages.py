"""The packages as files: what lintian says of them, and what is in them."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest
from harness.packages import field, files, package
from harness.paths import ROOT, firstseen_binary

_NAMES = ["firstseen", "libfirstseen-dev"]
# Not wrong here, whatever the packages are.
_NOT_ASKED = {
    "initial-upload-closes-no-bugs": "these packages do not go into Debian's archive",
    "out-of-date-standards-version": "one control file for two releases of Debian",
    "bogus-mail-host": "the changelog's address is nobody's",
}


@pytest.mark.parametrize("name", _NAMES)
def test_lintian_has_nothing_to_say(name: str):
    command = ["lintian", "--display-info", "--pedantic", "--fail-on", "error,warning,info,pedantic"]
    command += ["--suppress-tags", ",".join(_NOT_ASKED), str(package(name))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_version_is_the_programs_and_names_the_release_of_debian():
    version = re.search(r"project\(firstseen VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert version is not None
    for name in _NAMES:
        assert re.fullmatch(re.escape(version[1]) + r"\+deb[0-9]+", field(package(name), "Version"))


def test_the_program_comes_with_all_that_belongs_to_it(tmp_path: Path):
    subprocess.run([firstseen_binary(), "manual", tmp_path], check=True)
    wanted = {f"/usr/share/man/man1/{page.name}.gz" for page in (tmp_path / "man").iterdir()} | {
        "/usr/bin/firstseen",
        "/usr/lib/systemd/system/firstseen@.service",
        "/usr/lib/sysusers.d/firstseen.conf",
        "/usr/share/bash-completion/completions/firstseen",
        "/usr/share/doc/firstseen/README.md",
        "/usr/share/doc/firstseen/examples/firstseen.yaml",
        "/usr/share/fish/vendor_completions.d/firstseen.fish",
        "/usr/share/zsh/vendor-completions/_firstseen",
    }
    held = files(package("firstseen"))
    assert wanted <= held, wanted - held


def test_pages_and_completions_are_those_of_this_very_program(tmp_path: Path):
    """So that no page of an earlier build can be in the package."""
    made, extracted = tmp_path / "made", tmp_path / "extracted"
    subprocess.run([firstseen_binary(), "manual", made], check=True)
    subprocess.run(["dpkg-deb", "--extract", package("firstseen"), extracted], check=True)
    share = extracted / "usr/share"
    completion = share / "bash-completion/completions/firstseen"
    assert completion.read_text() == (made / "bash/firstseen").read_text()
    for page in (made / "man").iterdir():
        packed = gzip.decompress((share / f"man/man1/{page.name}.gz").read_bytes()).decode()
        assert packed.split("\n", 1)[1] == page.read_text().split("\n", 1)[1]  # but for the date


def test_a_program_is_built_with_what_libfirstseen_dev_holds(tmp_path: Path):
    subprocess.run(["dpkg-deb", "--extract", package("libfirstseen-dev"), tmp_path / "root"], check=True)
    source = tmp_path / "source"
    source.mkdir()
    (source / "seen_lines.cpp").write_text((ROOT / "tests/examples/seen_lines.cpp").read_text())
    (source / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(example LANGUAGES CXX)\n"
        "find_package(firstseen REQUIRED COMPONENTS key store)\nadd_executable(seen_lines seen_lines.cpp)\n"
        "target_link_libraries(seen_lines PRIVATE firstseen::key firstseen::store)\n"
    )
    prefix = f"-DCMAKE_PREFIX_PATH={tmp_path / 'root/usr'}"
    for command in (
        ["cmake", "-G", "Ninja", "-S", source, "-B", tmp_path / "build", prefix],
        ["cmake", "--build", tmp_path / "build"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        [tmp_path / "build/seen_lines", tmp_path / "seen"],
        input="a\nb\na\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "a\nb\n"
