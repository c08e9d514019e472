"""The layout by the OCI image specification, and what it says of how to run."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile

import pytest
from deploy.images import Image, place
from harness.paths import ROOT

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LABEL = "org.opencontainers.image."


def _version() -> str:
    found = re.search(r"project\(firstseen VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert found is not None
    return found[1]


def test_every_blob_has_the_digest_and_size_that_it_is_named_by(image: Image):
    assert json.loads((image.layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert image.index["schemaVersion"] == 2
    assert image.described["mediaType"] == image.manifest["mediaType"] == _MANIFEST
    assert image.manifest["schemaVersion"] == 2
    assert image.manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    descriptors = [image.described, image.manifest["config"], *image.manifest["layers"]]
    assert all(image.blob(each) for each in descriptors)
    held = {file.name for file in (image.layout / "blobs/sha256").iterdir()}
    assert held == {each["digest"].removeprefix("sha256:") for each in descriptors}


def test_configuration_and_layers_agree(image: Image):
    assert image.config["os"] == image.described["platform"]["os"] == "linux"
    assert image.config["architecture"] == image.described["platform"]["architecture"]
    assert [each["mediaType"] for each in image.manifest["layers"]] == ["application/vnd.oci.image.layer.v1.tar+gzip"]
    digest = "sha256:" + hashlib.sha256(image.layer).hexdigest()
    assert image.config["rootfs"] == {"type": "layers", "diff_ids": [digest]}
    assert len([each for each in image.config["history"] if not each.get("empty_layer")]) == 1


def test_the_archive_holds_the_layout_and_where_docker_finds_it(image: Image):
    wanted = {str(file.relative_to(image.layout)) for file in image.layout.rglob("*") if file.is_file()}
    with tarfile.open(place() / "firstseen.oci.tar") as archive:
        assert {member.name for member in archive.getmembers()} == {*wanted, "manifest.json"}
        for name in wanted:
            stream = archive.extractfile(name)
            assert stream is not None
            assert stream.read() == (image.layout / name).read_bytes()
        stream = archive.extractfile("manifest.json")
        assert stream is not None
        (docker,) = json.load(stream)
    places = [each["digest"].replace(":", "/") for each in (image.manifest["config"], *image.manifest["layers"])]
    assert [docker["Config"], *docker["Layers"]] == [f"blobs/{each}" for each in places]
    assert docker["RepoTags"] == [f"localhost/firstseen:{_version()}"]


def test_labels_say_what_it_is_and_where_it_comes_from(image: Image):
    labels = {name.removeprefix(_LABEL): value for name, value in image.execution["Labels"].items()}
    assert labels["title"] == "firstseen"
    assert labels["version"] == _version()
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", labels["revision"])
    assert labels["licenses"] == "Apache-2.0"
    assert labels["created"] == image.config["created"]
    assert re.fullmatch(r"https?://[^@]+", labels.get("source", "https://unknown.invalid"))
    assert image.manifest["annotations"] == image.execution["Labels"]


def test_it_runs_the_daemon_as_a_user_with_a_number_and_no_rights(image: Image):
    user, _, group = image.execution["User"].partition(":")
    assert (int(user), int(group)) == (10001, 10001)
    assert image.execution["Entrypoint"] == ["/usr/bin/firstseen"]
    assert image.execution["Cmd"] == ["run", "--config", "/etc/firstseen/firstseen.yaml"]
    assert image.execution["Volumes"] == {"/var/lib/firstseen": {}}
    assert f"firstseen:x:{user}:{group}:" in image.read("/etc/passwd").decode()


def test_skopeo_reads_it(image: Image):
    if not shutil.which("skopeo"):
        pytest.skip("no skopeo on this machine")
    name = image.described["annotations"][_LABEL + "ref.name"]
    for source in (f"oci:{image.layout}:{name}", f"oci-archive:{place() / 'firstseen.oci.tar'}:{name}"):
        done = subprocess.run(["skopeo", "inspect", source], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["Digest"] == image.digest
