"""The programs of a single-node Kubernetes, compiled once from the Go modules that modules/ pins. They stay in
build/cluster, or where FIRSTSEEN_CLUSTER_CACHE says."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from harness.paths import BUILD, ROOT

HOME = ROOT / os.environ.get("FIRSTSEEN_CLUSTER_CACHE", BUILD / "cluster")
PROGRAMS = HOME / "bin"
_MODULES = Path(__file__).parent / "modules"
_ETCD = "go.etcd.io/etcd/server/v3"  # the only package that is not called as its program is
_PAUSE = "firstseen.test/cluster/pause"
_ENVIRONMENT = {
    **os.environ,
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


def _go(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["go", *arguments], cwd=folder, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"go {' '.join(arguments)} failed in {folder}:\n{done.stderr.strip()}")
    return done.stdout.strip()


def _pinned(module: str) -> str:
    """What tells one state of a module from another."""
    digest = hashlib.sha256()
    for file in sorted((_MODULES / module).iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _missing() -> list[str]:
    """The modules whose programs are not there as they are pinned now."""

    def is_there(module: str) -> bool:
        stamp = PROGRAMS / f".{module}"
        return stamp.is_file() and stamp.read_text() == _pinned(module)

    return [folder.name for folder in sorted(_MODULES.iterdir()) if not is_there(folder.name)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def why_not() -> str:
    """Why the programs are not there and cannot be made, in one line; empty if they can."""
    if not _missing():
        return ""
    files = _MODULES.glob("*/go.mod")
    needed = max((re.search(r"^go (\S+)", file.read_text(), re.MULTILINE)[1] for file in files), key=_numbers)
    if not shutil.which("go"):
        return f"no go: put Go {needed} or later on PATH"
    found = _go(Path("/"), "env", "GOVERSION")  # an old Go does not read the go.mod of a new one
    return "" if _numbers(found) >= _numbers(needed) else f"{found} is too old: Go {needed} or later is needed"


def _linked(module: str) -> str:
    """Flags of the linker: the version that the servers tell."""
    flags = "-s -w"
    if module == "kubernetes":
        version = _go(_MODULES / module, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
        major, minor, _ = _numbers(version)
        for name, value in {"gitVersion": version, "gitMajor": major, "gitMinor": minor}.items():
            flags += f" -X k8s.io/component-base/version.{name}={value}"
    return flags


def _compile(module: str) -> None:
    folder = _MODULES / module
    packages = _go(folder, "list", "tool").split() or [_PAUSE]
    flags, jobs = _linked(module), os.environ.get("JOBS", str(os.cpu_count()))
    for package in packages:
        name = "etcd" if package == _ETCD else package.rpartition("/")[2]
        started = time.monotonic()
        _go(folder, "build", "-p", jobs, "-ldflags", flags, "-o", str(PROGRAMS / name), package)
        print(f"built {name} ({time.monotonic() - started:.0f} s)", flush=True)
    (PROGRAMS / f".{module}").write_text(_pinned(module))


def build() -> None:
    """Everything that is missing; compiling takes a quarter of an hour and 2 GB of memory."""
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    for module in _missing():
        _compile(module)
