"""How an image is assembled, on a Debian of a few made-up files: takes no root, no network and no real image."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import oci
import pytest
from assemble import assemble
from debian import Debian, Package, linked
from deploy.images import Image
from difference import difference
from sbom import package_url
from tree import Tree

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_TIME_S = 1_700_000_000
_HEADERS = """daemon/main.o: #deps 3, deps mtime 1 (VALID)
    ../daemon/main.cpp
    /usr/include/c.h
    /usr/include/json.hpp
"""
_LINKED = """\tlinux-vdso.so.1 (0x00007ffc)
\tlibc.so.6 => /lib/x86/libc.so.6 (0x00007f1a)
\t/lib64/ld.so.2 (0x00007f1b)
/usr/lib/x86/sasl2/libgssapiv2.so:
\tlibc.so.6 => /lib/x86/libc.so.6 (0x00007f1c)
"""
_CONTROL = "Package: firstseen\nVersion: 1.2.3+deb13\nArchitecture: amd64\n"
_PACKAGES = {
    "base-files": ["/lib", "/lib64", "/etc/os-release", "/usr/lib/os-release", "/etc/debian_version",
                   "/usr/share/common-licenses/Apache-2.0", "/usr/share/common-licenses/Apache",
                   "/usr/share/doc/base-files/copyright"],
    "libc6": ["/lib/x86/libc.so.6", "/usr/lib/x86/ld.so.2", "/lib64/ld.so.2", "/usr/share/doc/libc6/copyright"],
    "libsasl2-modules-gssapi-mit": ["/usr/lib/x86/sasl2/libgssapiv2.so", "/usr/lib/x86/sasl2/libgssapiv2.so.2",
                                    "/usr/share/doc/libsasl2-modules-gssapi-mit"],
    "sasl-doc": ["/usr/share/doc/sasl-doc/copyright"],
    "openssl": ["/usr/lib/ssl/openssl.cnf", "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs", "/etc/ssl/openssl.cnf",
                "/usr/share/doc/openssl/copyright"],
    "ca-certificates": ["/etc/ssl/certs", "/usr/share/doc/ca-certificates/copyright"],
    "json-dev": ["/usr/include/json.hpp"],
    "libc6-dev": ["/usr/include/c.h"],
}  # fmt: skip
_LINKS = {
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "etc/os-release": "../usr/lib/os-release",
    "usr/lib64/ld.so.2": "../lib/x86/ld.so.2",
    "usr/lib/ssl/openssl.cnf": "/etc/ssl/openssl.cnf",
    "usr/lib/ssl/cert.pem": "/etc/ssl/certs/ca-certificates.crt",
    "usr/lib/ssl/certs": "/etc/ssl/certs",
    "usr/lib/x86/sasl2/libgssapiv2.so": "libgssapiv2.so.2",
    "usr/share/common-licenses/Apache": "Apache-2.0",
    "usr/share/doc/libsasl2-modules-gssapi-mit": "sasl-doc",
}
_FILES = {
    "usr/lib/os-release": 'NAME="Debian"\nVERSION_ID="13"\n',
    "etc/debian_version": "13.0\n",
    "etc/ssl/certs/ca-certificates.crt": "BEGIN CERTIFICATE\n",
    "etc/ssl/openssl.cnf": "\n",
    "usr/bin/sh": "a shell\n",
    "usr/lib/x86/libc.so.6": "libc\n",
    "usr/lib/x86/ld.so.2": "ld\n",
    "usr/lib/x86/sasl2/libgssapiv2.so.2": "gssapi\n",
    "usr/include/json.hpp": "\n",
    "usr/include/c.h": "\n",
    "usr/share/common-licenses/Apache-2.0": "Apache\n",
    **{f"usr/share/doc/{name}/copyright": name for name in
       ("base-files", "libc6", "sasl-doc", "openssl", "ca-certificates")},
}  # fmt: skip


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


@dataclass
class Scene:
    root: Path
    work: Path

    def files(self) -> dict[str, bytes]:
        return assemble(self.root, self.work, _TIME_S, _COMMIT, "https://example.org/firstseen")[0]

    def image(self, place: Path) -> Image:
        oci.write(self.files(), place / "oci", place / "image.tar")
        return Image(place / "oci")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    root, work = tmp_path / "root", tmp_path / "work"
    for name, target in _LINKS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    for name, text in _FILES.items():
        _write(root / name, text)
    (root / "usr/lib/x86/libc.so.6").chmod(0o4755)
    status = ""
    for name, files in _PACKAGES.items():
        _write(root / f"var/lib/dpkg/info/{name}.list", "\n".join(files))
        status += f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0+b1\n"
        status += "Source: glibc (2.0)\n\n" if name.startswith("libc6") else "\n"
    _write(root / "var/lib/dpkg/status", status)
    _write(work / "program/usr/bin/firstseen", "firstseen\n", 0o755)
    _write(work / "program/usr/share/doc/firstseen/copyright", "ours\n")
    _write(work / "control", _CONTROL)
    _write(work / "linked", _LINKED)
    _write(work / "headers", _HEADERS)
    return Scene(root, work)


def test_what_is_needed_is_in_it_and_nothing_else(scene: Scene, tmp_path: Path):
    image = scene.image(tmp_path)
    wanted = {f"/{name}" for name in _FILES if not name.startswith(("usr/include/", "usr/bin/"))}
    wanted |= {f"/var/lib/dpkg/status.d/{name}" for name in _PACKAGES if not name.endswith("-dev")}
    wanted |= {"/etc/group", "/etc/nsswitch.conf", "/etc/passwd", "/usr/bin/firstseen"}
    wanted |= {"/usr/share/doc/firstseen/copyright", "/usr/share/doc/firstseen/firstseen.cdx.json"}
    wanted |= {"/var/lib/dpkg/status.d/firstseen"}
    assert set(image.files) == wanted
    links = {member.name: member.linkname for member in image.members if member.issym()}
    assert links == _LINKS


def test_rights_are_plain_and_owners_are_numbers(scene: Scene, tmp_path: Path):
    image = scene.image(tmp_path)
    assert image.files["/usr/lib/x86/libc.so.6"].mode == 0o755, "setuid"
    assert {member.mtime for member in image.members} == {_TIME_S}
    owners = {(member.uid, member.gid, member.uname, member.gname) for member in image.members}
    assert owners == {(0, 0, "", ""), (10001, 10001, "", "")}
    names = [member.name for member in image.members]
    assert all(name.rpartition("/")[0] in ["", *names[:at]] for at, name in enumerate(names))


def test_who_makes_it_and_when_makes_no_difference(scene: Scene):
    first = scene.files()
    for file in [*scene.root.rglob("*"), *scene.work.rglob("*")]:
        os.utime(file, (1, 1), follow_symlinks=False)
    os.chmod(scene.root / "usr/lib/x86/libc.so.6", 0o555)
    assert scene.files() == first


def test_two_images_are_told_apart_by_the_files_that_differ(scene: Scene, tmp_path: Path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    scene.image(one)
    scene.image(same)
    assert difference(one / "oci", same / "oci") == []
    _write(scene.work / "program/usr/bin/firstseen", "another\n", 0o755)
    scene.image(other)
    of_the_program = ["/usr/bin/firstseen", "/usr/share/doc/firstseen/firstseen.cdx.json"]
    assert difference(one / "oci", other / "oci") == of_the_program


def test_labels_and_command_are_those_of_the_version(scene: Scene, tmp_path: Path):
    image = scene.image(tmp_path)
    assert image.described["annotations"]["org.opencontainers.image.ref.name"] == "localhost/firstseen:1.2.3"
    labels = image.execution["Labels"]
    assert labels["org.opencontainers.image.revision"] == _COMMIT
    assert labels["org.opencontainers.image.source"] == "https://example.org/firstseen"
    assert labels["org.opencontainers.image.created"] == image.config["created"] == "2023-11-14T22:13:20Z"
    assert image.digest == oci.digest(scene.files())


def test_the_sbom_tells_files_from_headers(scene: Scene, tmp_path: Path):
    bom = json.loads(scene.image(tmp_path).read("/usr/share/doc/firstseen/firstseen.cdx.json"))
    used = {each["name"]: each["properties"][0]["value"] for each in bom["components"] if "purl" in each}
    headers = {"json-dev", "libc6-dev"}
    assert used == {name: "headers" if name in headers else "files" for name in _PACKAGES}


def test_a_package_is_named_as_vulnerability_scanners_do():
    package = Package("libstdc++6", "1:14.2+b1~x", "amd64", "gcc-14", "")
    url = "pkg:deb/debian/libstdc%2B%2B6@1%3A14.2%2Bb1~x?arch=amd64&distro=debian-13&upstream=gcc-14"
    assert package_url(package, "13") == url


def test_a_file_of_no_package_is_refused(scene: Scene):
    _write(scene.root / "usr/lib/x86/libmine.so", "built by hand\n")
    with (scene.work / "linked").open("a") as more:
        more.write("\tlibmine.so => /usr/lib/x86/libmine.so (0x00007f1d)\n")
    with pytest.raises(ValueError, match=r"/usr/lib/x86/libmine\.so belongs to no package"):
        scene.files()


def test_a_library_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"librdkafka\.so\.1 => not found"):
        list(linked("\tlibrdkafka.so.1 => not found\n"))


def test_a_removed_package_owns_nothing(scene: Scene):
    status = scene.root / "var/lib/dpkg/status"
    status.write_text(status.read_text().replace("install ok installed", "deinstall ok config-files", 1))
    debian = Debian(scene.root)
    assert debian.owner("/lib/x86/libc.so.6") == debian.packages["libc6"]
    assert debian.owner("/etc/os-release") is None


def test_links_that_lead_in_a_circle_are_refused(tmp_path: Path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ValueError, match="/a: too many links"):
        Tree().copy(tmp_path, "/a")


def test_links_do_not_lead_out_of_the_root(tmp_path: Path):
    root = tmp_path / "root"
    _write(root / "etc/inside", "in\n")
    _write(tmp_path / "etc/inside", "out\n")
    (root / "etc/link").symlink_to("../../../etc/inside")
    tree = Tree()
    assert tree.copy(root, "/etc/link") == ["/etc/link", "/etc/inside"]
    assert {entry.path: entry.data for entry in tree}["etc/inside"] == b"in\n"
