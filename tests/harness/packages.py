"""The Debian packages under test, and what they hold."""

import os
import shutil
import subprocess
from pathlib import Path

from .paths import ROOT


def package(name: str, folder: Path | None = None) -> Path:
    """The file of a package in `folder`; in build/packages/, or where FIRSTSEEN_PACKAGES says, unless one is given."""
    folder = folder or ROOT / os.environ.get("FIRSTSEEN_PACKAGES", "build/packages")
    found = sorted(folder.glob(f"{name}_*.deb"))
    if len(found) != 1:
        raise FileNotFoundError(f"{folder} holds {len(found)} files {name}_*.deb: ./dev package deb builds them")
    return found[0]


def field(file: Path, name: str) -> str:
    """A field of the package's control file; empty if it has none."""
    command = ["dpkg-deb", "--field", str(file), name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def dependencies(file: Path) -> list[str]:
    """The names of what it depends on, of alternatives the first."""
    alternatives = field(file, "Depends").split(",")
    return [each.split("|")[0].split("(")[0].split(":")[0].strip() for each in alternatives if each.strip()]


def files(file: Path) -> set[str]:
    """The files in it, from the root, without directories."""
    command = f"dpkg-deb --fsys-tarfile '{file}' | tar -t"
    listed = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name.removeprefix(".") for name in listed if not name.endswith("/")}


def next_version(file: Path, directory: Path) -> Path:
    """The same package with a higher version, as an upgrade has it."""
    tree, made = directory / "next", directory / "next.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", file, tree], check=True)
    control = tree / "DEBIAN" / "control"
    version = field(file, "Version")
    control.write_text(control.read_text().replace(f"Version: {version}", f"Version: {version}+next1"))
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, made], check=True, capture_output=True)
    shutil.rmtree(tree)
    return made
