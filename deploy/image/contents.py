"""What is in the image, and why."""

from dataclasses import dataclass
from pathlib import Path

from debian import Debian, Package
from tree import Tree

USER = 10001
"""And its group; the Helm chart runs the pods as this one."""
STATE = "/var/lib/firstseen"
_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
# Beside what the program is linked with: where OpenSSL looks for its configuration and for the certificates of the
# authorities that it trusts; by what scanners tell which Debian it is.
_FILES = (
    "/usr/lib/ssl/openssl.cnf",
    "/usr/lib/ssl/cert.pem",
    "/usr/lib/ssl/certs",
    "/etc/os-release",
    "/etc/debian_version",
)
# Texts that the packages' copyright files lead to.
_LICENSES = "/usr/share/common-licenses"
# What no package's list names, and which one made it.
_MADE = {_ROOTS: "ca-certificates"}

_PASSWD = f"""root:x:0:0:root:/:/usr/sbin/nologin
firstseen:x:{USER}:{USER}:firstseen:{STATE}:/usr/sbin/nologin
"""
_GROUP = f"""root:x:0:
firstseen:x:{USER}:
"""
_NSSWITCH = """passwd: files
group: files
hosts: files dns
"""


@dataclass(frozen=True)
class Program:
    """firstseen's Debian package, unpacked."""

    root: Path
    package: Package


def _skeleton() -> Tree:
    tree = Tree()
    for path in ("/dev", "/etc/firstseen", "/proc", "/run", "/sys"):
        tree.directory(path)
    tree.directory("/tmp", 0o1777)
    tree.directory(STATE, 0o700, USER)
    tree.file("/etc/passwd", _PASSWD.encode())
    tree.file("/etc/group", _GROUP.encode())
    tree.file("/etc/nsswitch.conf", _NSSWITCH.encode())
    return tree


def _owner(debian: Debian, path: str) -> Package:
    package = debian.packages.get(_MADE[path]) if path in _MADE else debian.owner(path)
    if package is None:
        raise ValueError(f"{path} belongs to no package: nobody would know of its security updates")
    return package


def fill(debian: Debian, program: Program, libraries: set[str]) -> tuple[Tree, list[Package]]:
    """The tree with the program, with these files of Debian, what leads to them and what belongs to them; and the
    packages of Debian that its files are of."""
    tree = _skeleton()
    packages: dict[str, Package] = {}
    licenses = {f"{_LICENSES}/{file.name}" for file in (debian.root / _LICENSES.strip("/")).iterdir()}
    waiting = {*libraries, *_FILES, *licenses}
    while waiting:
        copied = {each for path in sorted(waiting) for each in tree.copy(debian.root, path)}
        found = {package.name: package for package in (_owner(debian, path) for path in copied)}
        waiting = {f"/usr/share/doc/{name}/copyright" for name in found if name not in packages}
        packages |= found
    for path in ("/usr/bin/firstseen", "/usr/share/doc/firstseen/copyright"):
        tree.copy(program.root, path)
    for package in (program.package, *packages.values()):  # as scanners of images without dpkg expect it
        tree.file(f"/var/lib/dpkg/status.d/{package.name}", package.control.encode())
    return tree, sorted(packages.values(), key=lambda package: package.name)
