"""The packages as files: what lintian says of them, and what is in them."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from deploy.releases import NUMBERS, package_of
from harness.debian import RELEASES, Unavailable, root_file_system, run_in, this_release, why_not
from harness.links import dead_links
from harness.packages import dependencies, field, files, package
from harness.paths import ROOT, firstseen_binary

_NAMES = ["firstseen", "libfirstseen-dev"]
# Not wrong here, whatever the packages are.
_NOT_ASKED = {
    "initial-upload-closes-no-bugs": "these packages do not go into Debian's archive",
    "out-of-date-standards-version": "one control file for two releases of Debian",
    "bogus-mail-host": "the changelog's address is nobody's",
    "repeated-path-segment": "the documents keep the places by which they link to one another",
    "spelling-error-in-binary": "it reads machine code, too, where a compiler copies 'committed' as two halves",
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", _NAMES)
def test_lintian_has_nothing_to_say(name: str, release: str):
    command = ["lintian", "--display-info", "--pedantic", "--fail-on", "error,warning,info,pedantic"]
    command += ["--suppress-tags", ",".join(_NOT_ASKED), str(package_of(release, name))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("release", RELEASES)
def test_the_version_is_the_programs_and_names_the_release_of_debian(release: str):
    version = re.search(r"project\(firstseen VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert version is not None
    for name in _NAMES:
        assert field(package_of(release, name), "Version") == f"{version[1]}+deb{NUMBERS[release]}"


@pytest.mark.parametrize("release", RELEASES)
def test_what_tls_and_kerberos_need_beside_libraries_is_named(release: str):
    """Authorities that sign brokers' certificates, and SASL's plug-in."""
    program = package_of(release, "firstseen")
    assert field(program, "Recommends") == "ca-certificates"
    assert field(program, "Suggests") == "libsasl2-modules-gssapi-mit"


def test_the_program_comes_with_all_that_belongs_to_it(tmp_path: Path):
    subprocess.run([firstseen_binary(), "manual", tmp_path], check=True)
    wanted = {f"/usr/share/man/man1/{page.name}.gz" for page in (tmp_path / "man").iterdir()} | {
        "/usr/bin/firstseen",
        "/usr/lib/systemd/system/firstseen@.service",
        "/usr/lib/sysusers.d/firstseen.conf",
        "/usr/share/bash-completion/completions/firstseen",
        "/usr/share/doc/firstseen/README.md",
        "/usr/share/doc/firstseen/config/REFERENCE.md",
        "/usr/share/doc/firstseen/daemon/http/README.md",
        "/usr/share/doc/firstseen/daemon/metrics/README.md",
        "/usr/share/doc/firstseen/deploy/README.md",
        "/usr/share/doc/firstseen/examples/firstseen.yaml",
        "/usr/share/firstseen/grafana/firstseen.json",
        "/usr/share/firstseen/prometheus/alerts.yaml",
        "/usr/share/fish/vendor_completions.d/firstseen.fish",
        "/usr/share/zsh/vendor-completions/_firstseen",
    }
    held = files(package("firstseen"))
    assert wanted <= held, wanted - held


def test_every_link_of_a_document_leads_to_a_file_of_the_package(tmp_path: Path):
    subprocess.run(["dpkg-deb", "--extract", package("firstseen"), tmp_path], check=True)
    folder = tmp_path / "usr/share/doc/firstseen"
    documents = list(folder.rglob("*.md"))
    assert len(documents) > 10
    assert dead_links(documents) == []


@pytest.mark.parametrize("name", ["prometheus/alerts.yaml", "grafana/firstseen.json"])
def test_alerts_and_dashboard_are_those_of_this_tree(name: str, tmp_path: Path):
    subprocess.run(["dpkg-deb", "--extract", package("firstseen"), tmp_path], check=True)
    installed = tmp_path / "usr/share/firstseen" / name
    assert not installed.is_symlink()
    assert installed.read_bytes() == (ROOT / "deploy" / name).read_bytes()


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


_EXAMPLES = """cmake_minimum_required(VERSION 3.25)
project(examples LANGUAGES CXX)
find_package(firstseen REQUIRED)
foreach(name seen_lines nightly_ingest)
  add_executable(${name} ${name}.cpp)
  target_link_libraries(${name} PRIVATE firstseen::key firstseen::store firstseen::idempotency firstseen::ingest)
endforeach()
"""
_COMPILER = {"g++", "cmake", "make"}
_BUILD = r"""cd /mnt
cmake -S source -B build -DCMAKE_PREFIX_PATH=/mnt/root/usr
cmake --build build
PKG_CONFIG_PATH=$(dirname "$(find root -name firstseen.pc)") pkg-config --print-errors --exists firstseen
printf 'a\nb\na\n' | build/seen_lines /mnt/seen >printed
"""


@pytest.mark.xdist_group("library")
def test_a_program_is_built_with_libfirstseen_dev_and_what_it_depends_on_and_nothing_else(tmp_path: Path):
    """In a Debian that has a compiler, CMake, and none of what firstseen itself is built with."""
    if reason := why_not():
        pytest.skip(reason)
    development = package("libfirstseen-dev")
    try:
        root = root_file_system("library", this_release(), _COMPILER | set(dependencies(development)))
    except Unavailable as reason:
        pytest.skip(str(reason))
    subprocess.run(["dpkg-deb", "--extract", development, tmp_path / "root"], check=True)
    source = tmp_path / "source"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(_EXAMPLES)
    for name in ("seen_lines", "nightly_ingest"):
        shutil.copy(ROOT / f"tests/examples/{name}.cpp", source)
    done = run_in(root, tmp_path, _BUILD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "printed").read_text() == "a\nb\n"
