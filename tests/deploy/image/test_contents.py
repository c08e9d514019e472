"""What is in the image, and what is not."""

import json
import re
import tarfile
from pathlib import PurePosixPath

from deploy.images import Image, place

_MAX_BYTES = 60_000_000
_STATE, _TMP = "var/lib/firstseen", "tmp"
_SBOM = "/usr/share/doc/firstseen/firstseen.cdx.json"


def test_it_takes_at_most_60_mb(image: Image):
    assert sum(member.size for member in image.members) <= _MAX_BYTES
    assert len(image.layer) <= _MAX_BYTES


def test_no_program_but_firstseen(image: Image):
    """Neither a shell nor anything else to run, but what is loaded with the program."""
    programs = {path for path in image.files if PurePosixPath(path).parent.name in {"bin", "sbin", "libexec"}}
    assert programs == {"/usr/bin/firstseen"}
    libraries = re.compile(r"/usr/lib(64)?/.*\.so(\.[0-9.]+)?")
    executable = {path for path, member in image.files.items() if member.mode & 0o111} - programs
    assert not [path for path in executable if not libraries.fullmatch(path)]


def test_all_is_roots_and_read_only_for_others_but_the_state(image: Image):
    for member in image.members:
        assert member.isreg() or member.isdir() or member.issym(), member.name
        if member.name == _STATE:
            assert (member.uid, member.gid, member.mode) == (10001, 10001, 0o700)
            continue
        assert (member.uid, member.gid) == (0, 0), member.name
        if member.issym():
            continue
        assert not member.mode & 0o6000, f"{member.name}: setuid or setgid"
        assert not member.mode & 0o022 or member.name == _TMP, f"{member.name} can be written"
        assert member.mode & 0o004, f"{member.name} cannot be read by any user"


def test_every_link_leads_somewhere_within(image: Image):
    held = {member.name: member for member in image.members}

    def resolved(path: PurePosixPath) -> str:
        here = PurePosixPath("/")
        for part in path.parts[1:]:
            here = here.parent if part == ".." else here / part
            member = held.get(str(here).strip("/"))
            if member is not None and member.issym():
                here = PurePosixPath(resolved(here.parent / member.linkname))
        return str(here)

    for member in image.members:
        if member.issym():
            assert resolved(PurePosixPath("/", member.name)).strip("/") in held, f"{member.name} -> {member.linkname}"


def test_members_are_sorted_have_one_time_and_no_names_of_owners(image: Image):
    names = [member.name.split("/") for member in image.members]
    assert names == sorted(names)
    assert len({tuple(name) for name in names}) == len(names)
    (time,) = {member.mtime for member in image.members}
    assert image.config["created"].startswith("20")
    assert time > 0
    assert {(member.uname, member.gname) for member in image.members} == {("", "")}


def test_openssl_finds_the_authorities_where_it_looks(image: Image):
    """Its places are compiled in; librdkafka and curl take them unless they are told others."""
    (library,) = (path for path in image.files if PurePosixPath(path).name == "libcrypto.so.3")
    assert b"/usr/lib/ssl/cert.pem" in image.read(library)
    links = {f"/{member.name}": member.linkname for member in image.members if member.issym()}
    assert links["/usr/lib/ssl/cert.pem"] == "/etc/ssl/certs/ca-certificates.crt"
    assert image.read("/etc/ssl/certs/ca-certificates.crt").count(b"BEGIN CERTIFICATE") > 100
    assert links["/usr/lib/ssl/openssl.cnf"] == "/etc/ssl/openssl.cnf"
    assert "/etc/ssl/openssl.cnf" in image.files


def test_kerberos_has_its_plug_in(image: Image):
    assert [path for path in image.files if re.fullmatch(r"/usr/lib/[^/]+/sasl2/libgssapiv2\.so[0-9.]*", path)]


def _installed(image: Image) -> dict[str, str]:
    """Version of each package by the image's own records."""
    found = {}
    for path in image.files:
        if path.startswith("/var/lib/dpkg/status.d/"):
            control = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", image.read(path).decode(), re.MULTILINE))
            found[control["Package"]] = control["Version"]
    return found


def test_the_sbom_lists_every_package_with_files_in_it(image: Image):
    bom = json.loads(image.read(_SBOM))
    assert (place() / "firstseen.cdx.json").read_bytes() == image.read(_SBOM)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    libraries = {each["name"]: each for each in bom["components"] if each["type"] == "library"}
    with_files = {name: each["version"] for name, each in libraries.items() if _use(each) == "files"}
    installed = _installed(image)
    del installed["firstseen"]
    assert with_files == installed
    assert {"libc6", "libstdc++6", "librdkafka1", "liblmdb0", "libssl3t64", "ca-certificates"} <= set(installed)
    assert _use(libraries["nlohmann-json3-dev"]) == "headers"
    for each in libraries.values():
        assert each["purl"].startswith("pkg:deb/debian/"), each
        assert "distro=debian-13" in each["purl"]
    (system,) = (each for each in bom["components"] if each["type"] == "operating-system")
    assert (system["name"], system["version"]) == ("debian", "13")
    references = [each["bom-ref"] for each in bom["components"]]
    assert len(set(references)) == len(references)


def _use(component: dict) -> str:
    (held,) = (each["value"] for each in component["properties"] if each["name"] == "firstseen:use")
    return held


def test_every_package_comes_with_its_licence(image: Image):
    copyrights = {PurePosixPath(member.name).parent.name for member in image.members if _is_copyright(member)}
    linked = {PurePosixPath(member.name).name for member in image.members if _is_doc_link(member)}
    assert set(_installed(image)) <= copyrights | linked
    assert "/usr/share/common-licenses/Apache-2.0" in image.files


def _is_copyright(member: tarfile.TarInfo) -> bool:
    return bool(re.fullmatch(r"usr/share/doc/[^/]+/copyright", member.name))


def _is_doc_link(member: tarfile.TarInfo) -> bool:
    return member.issym() and bool(re.fullmatch(r"usr/share/doc/[^/]+", member.name))
