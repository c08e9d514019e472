"""A checkout with ./dev and stands-in for all that it calls: nothing is installed, built or tested there."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_REQUIREMENTS = "tests/harness/requirements.txt"
_COPIED = ("dev", "tests/command.sh", _REQUIREMENTS)
PACKAGE = "build/packages/firstseen_1.deb"
# All of them write down how they were called.
_STANDS_IN = {
    "bin/apt-get": "",
    "bin/cmake": 'echo "called for $2"',
    "bin/ctest": "",
    "bin/dpkg": "echo amd64",
    "bin/dpkg-buildflags": "",
    "bin/dpkg-query": 'for each; do printf "%s:installed " "$each"; done',
    "bin/python3": "",
    "build/venv/bin/python": "",
    "deploy/debian/make-packages": f"rm -rf build/deb; mkdir -p build/deb build/packages; touch {PACKAGE}",
    "deploy/image/build": "mkdir -p build/image; touch build/image/oci",
}


class Tree:
    """Use as a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)

    def __enter__(self) -> "Tree":
        for name in _COPIED:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(_ROOT / name, self.root / name)
        for name, script in _STANDS_IN.items():
            self.stand_in(name, script)
        shutil.copy(_ROOT / _REQUIREMENTS, self.root / "build/venv/requirements.txt")
        self.write("build/calls", "")
        self.write("cmake/documents.txt", "README.md\n")
        self.write("README.md", "read me\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def stand_in(self, name: str, script: str) -> None:
        self.write(name, f'#!/bin/sh\necho "{Path(name).name} $*" >>"{self.root}/build/calls"\n{script}\n')
        (self.root / name).chmod(0o755)

    def start(self, *words: str) -> subprocess.Popen:
        """With what it says as one text."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTSEEN_")}
        environment["PATH"] = f"{self.root / 'bin'}:{os.environ['PATH']}"
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [self.root / "dev", *words], env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True
        )

    def run(self, *words: str) -> tuple[int, str]:
        """The exit status, and what it said."""
        with self.start(*words) as running:
            said = running.communicate()[0]
            return running.returncode, said

    def calls(self, *programs: str) -> list[str]:
        """How these were called, in order."""
        called = (self.root / "build/calls").read_text().splitlines()
        return [call for call in called if call.split(" ")[0] in programs]
