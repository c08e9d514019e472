"""An image with one layer as an OCI layout (https://github.com/opencontainers/image-spec), and as one file."""

import hashlib
import io
import json
import shutil
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from layer import compressed

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_NAME = "org.opencontainers.image.ref.name"


@dataclass(frozen=True)
class Image:
    name: str
    """With a tag."""
    architecture: str
    created_s: int
    execution: dict[str, Any]
    """`config` of the specification: user, entry point, labels, ..."""
    layer: bytes
    """A tar archive."""


def rfc3339(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _place(descriptor: dict[str, Any]) -> str:
    return "blobs/" + descriptor["digest"].replace(":", "/")


def layout(image: Image) -> dict[str, bytes]:
    """The files of the layout by path."""
    blobs: dict[str, bytes] = {}

    def blob(media_type: str, data: bytes) -> dict[str, Any]:
        described = {"mediaType": media_type, "digest": _digest(data), "size": len(data)}
        blobs[_place(described)] = data
        return described

    created = rfc3339(image.created_s)
    config = {
        "created": created,
        "architecture": image.architecture,
        "os": "linux",
        "config": image.execution,
        "rootfs": {"type": "layers", "diff_ids": [_digest(image.layer)]},
        "history": [{"created": created, "created_by": "./dev package image"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": blob(_CONFIG, _json(config)),
        "layers": [blob(_LAYER, compressed(image.layer))],
        "annotations": image.execution["Labels"],
    }
    named = {_NAME: image.name, "io.containerd.image.name": image.name}
    platform = {"architecture": image.architecture, "os": "linux"}
    described = {**blob(_MANIFEST, _json(manifest)), "platform": platform, "annotations": named}
    return {
        **blobs,
        "index.json": _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": [described]}),
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
    }


def digest(files: dict[str, bytes]) -> str:
    """Of the manifest: what the image is pulled by."""
    return json.loads(files["index.json"])["manifests"][0]["digest"]


def _for_docker(files: dict[str, bytes]) -> bytes:
    """manifest.json, which is no part of the specification: `docker load` looks for it in an archive."""
    (described,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(files[_place(described)])
    layers = [_place(each) for each in manifest["layers"]]
    name = described["annotations"][_NAME]
    return _json([{"Config": _place(manifest["config"]), "Layers": layers, "RepoTags": [name]}])


def write(files: dict[str, bytes], directory: Path, archive: Path) -> None:
    """The layout as a directory, which it replaces, and as a tar archive: for `podman load`, `docker load`,
    `ctr images import`."""
    shutil.rmtree(directory, ignore_errors=True)
    for path, data in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as made:
        for path, data in sorted({**files, "manifest.json": _for_docker(files)}.items()):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
