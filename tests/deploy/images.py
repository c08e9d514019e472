"""The OCI image under test, read as others would: from its layout, by digests."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.paths import ROOT

_UNAVAILABLE = 69


def place() -> Path:
    """What `./dev package image` leaves: build/image, or where FIRSTSEEN_IMAGE says."""
    return ROOT / os.environ.get("FIRSTSEEN_IMAGE", "build/image")


@dataclass(frozen=True)
class Lack:
    """Why there is no image."""

    reason: str
    failed: bool = False
    """Building it went wrong; else what that takes cannot be had here, or nobody has asked for it."""


def lack() -> Lack | None:
    """Of an image that is made of these sources, or that somebody has named."""
    left = place() / "failure"
    if left.is_file():
        status, _, reason = left.read_text().strip().partition(" ")
        return Lack(reason, failed=int(status) != _UNAVAILABLE)
    layout = place() / "oci"
    if not (layout / "index.json").is_file():
        return Lack(f"no image in {place()}: ./dev package image builds one, as root")
    reason = why_not_of_this_tree(Image(layout).revision)
    return Lack(reason) if reason else None


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)


def why_not_of_this_tree(revision: str) -> str:
    """Why an image of this revision says nothing of these sources, in one line; empty if it does, or if somebody has
    named it."""
    if "FIRSTSEEN_IMAGE" in os.environ:
        return ""
    head = _git("rev-parse", "HEAD")
    if head.returncode != 0:
        return f"the image is of commit {revision}, and of which these sources are cannot be told: {_last(head.stderr)}"
    here = head.stdout.strip()
    if _git("diff", "--quiet", "HEAD").returncode != 0:
        here += "-dirty"
    build = "./dev package image builds it, as root"
    return "" if revision == here else f"the image is of commit {revision}, these sources are of {here}: {build}"


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no reason is given"])[-1]


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

    @property
    def revision(self) -> str:
        """The commit, with -dirty behind it if there were changes."""
        return self.execution["Labels"]["org.opencontainers.image.revision"]

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
