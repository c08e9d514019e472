"""Small Debians in directories: made of the servers that this machine asks, kept under build/ for a day, entered in
namespaces. All of it takes root, and mmdebstrap."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from . import process
from .paths import BUILD, ROOT, alone

RELEASES = ("bookworm", "trixie")
_PLACE = BUILD / "deploy"
_SOURCES = ROOT / "deploy/image/sources.py"
_MAX_AGE_S = 24 * 3600
_DEADLINE_S = 600.0
"""For one try, of two."""

_NAMESPACES = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private"]
_TRY = ["mount", "-t", "tmpfs", "none", "/mnt"]
# As it is but for /mnt, which is PLACE, without a network.
_ENTER = r"""
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount --bind "$PLACE" "$ROOT/mnt"
mount --rbind /dev "$ROOT/dev"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777 tmp "$ROOT/tmp"
exec chroot "$ROOT" /usr/bin/env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 \
  bash -euc "$COMMAND"
"""


class Unavailable(Exception):
    """This machine cannot do it, in one line: the tests that need it are left out."""


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason is given"])[-1]


def first_error(log: str) -> str:
    """Of apt's and mmdebstrap's, which tell the cause first; the last line where none of them says anything."""
    errors = (line for line in log.splitlines() if line.startswith("E: "))
    return next(errors, last_line(log))


def this_release() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise Unavailable("/etc/os-release names no release of Debian")


def why_not() -> str:
    """Why no Debian can be made and entered here, in one line; empty if one can."""
    if os.geteuid() != 0:
        return "making a Debian in a directory takes root"
    if not shutil.which("mmdebstrap"):
        return "not installed: mmdebstrap"
    done = subprocess.run([*_NAMESPACES, *_TRY], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no permission for namespaces: {last_line(done.stderr)}"


def is_fresh(stamp: Path, wanted: str) -> bool:
    """Was it made of just that, within a day? Its security updates come with the next one."""
    if not stamp.is_file() or stamp.read_text() != wanted:
        return False
    return time.time() - stamp.stat().st_mtime < _MAX_AGE_S


def root_file_system(name: str, release: str, packages: Iterable[str]) -> Path:
    """The smallest Debian of that release with these packages. One process makes it, others that need it wait."""
    with alone(f"deploy-{name}-{release}"):
        return _up_to_date(name, release, packages)


def _up_to_date(name: str, release: str, packages: Iterable[str]) -> Path:
    included = ",".join(sorted(packages))
    root = _PLACE / f"{name}-{release}"
    stamp, sources, options = (root.with_suffix(suffix) for suffix in (".stamp", ".sources", ".apt"))
    lists = subprocess.run([sys.executable, _SOURCES, release], capture_output=True, text=True, check=True).stdout
    wanted = f"{included}\n{lists}"
    if is_fresh(stamp, wanted):
        return root
    stamp.unlink(missing_ok=True)
    _PLACE.mkdir(parents=True, exist_ok=True)
    sources.write_text(lists)
    # Proxies, certificates and what else this machine needs to reach them.
    options.write_text(subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True).stdout)
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={included}"]
    command += [f"--aptopt={options}", release, str(root), str(sources)]
    if _make(root, command) and (complaint := _make(root, command)):
        raise Unavailable(
            f"no {release} can be made, tried twice: {complaint} (log: {root.with_suffix('.log')}); "
            f"does 'apt-get update' reach the servers that {sources} names?"
        )
    stamp.write_text(wanted)
    return root


def _make(root: Path, command: list[str]) -> str:
    """What went wrong, in one line, else nothing. What it mounts is gone with it, however it ends."""
    subprocess.run(["rm", "-rf", "--one-file-system", root], check=True)
    log = root.with_suffix(".log")
    log.unlink(missing_ok=True)
    status = process.finish(["unshare", "--mount", "--propagation", "private", *command], log, _DEADLINE_S)
    if status is None:
        return f"it took more than {_DEADLINE_S:g} s"
    return "" if status == 0 else first_error(log.read_text(errors="replace"))


def run_in(root: Path, place: Path, command: str, timeout_s: float = 600.0) -> subprocess.CompletedProcess[str]:
    """A command of bash as root in there, where `place` is /mnt and nothing else can be written."""
    environment = {**os.environ, "ROOT": str(root), "PLACE": str(place), "COMMAND": command}
    return process.run([*_NAMESPACES, "bash", "-euc", _ENTER], environment, timeout_s)
