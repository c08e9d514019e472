"""The OCI image under test, read as others would: from its layout, by digests."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.paths import ROOT


def place() -> Path:
    """What `./dev package image` leaves: build/image, or where FIRSTSEEN_IMAGE says."""
    return ROOT / os.environ.get("FIRSTSEEN_IMAGE", "build/image")


class Image:
    """One image with one manifest."""

    def __init__(self, layout: Path) -> None:
        self.layout = layout
        self.index = json.loads((layout / "index.json").read_text())
        (self.described,) = self.index["manifests"]

    def blob(self, descriptor: dict[str, Any]) -> bytes:
        algorithm, _, digest = descriptor["digest"].partition(":")
        data = (self.layout / "blobs" / algorithm / digest).read_bytes()
        assert algorithm == "sha256"
        assert hashlib.sha256(data).hexdigest() == digest
        assert len(data) == descriptor["size"]
        return data

    @property
    def digest(self) -> str:
        return self.described["digest"]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return json.loads(self.blob(self.described))

    @cached_property
    def config(self) -> dict[str, Any]:
        return json.loads(self.blob(self.manifest["config"]))

    @property
    def execution(self) -> dict[str, Any]:
        """User, entry point, environment, labels, ..."""
        return self.config["config"]

    @cached_property
    def layer(self) -> bytes:
        """The tar archive."""
        (layer,) = self.manifest["layers"]
        return gzip.decompress(self.blob(layer))

    @cached_property
    def _read(self) -> tuple[list[tarfile.TarInfo], dict[str, bytes]]:
        with tarfile.open(fileobj=io.BytesIO(self.layer)) as archive:
            members = archive.getmembers()
            streams = ((member.name, archive.extractfile(member)) for member in members if member.isreg())
            return members, {f"/{name}": stream.read() for name, stream in streams if stream is not None}

    @property
    def members(self) -> list[tarfile.TarInfo]:
        return self._read[0]

    @cached_property
    def files(self) -> dict[str, tarfile.TarInfo]:
        """The regular ones, by their path from the root."""
        return {f"/{member.name}": member for member in self.members if member.isreg()}

    def read(self, path: str) -> bytes:
        """A regular file of the layer; links in the path are not followed."""
        return self._read[1][path]

    def extract(self, root: Path) -> None:
        """The root file system, with its owners. Takes root."""
        root.mkdir()
        subprocess.run(["tar", "-x", "--numeric-owner", "-p", "-C", root], input=self.layer, check=True)
