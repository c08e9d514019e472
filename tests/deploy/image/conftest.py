"""The image that `./dev package image` has left."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from deploy.containers import Container, why_not
from deploy.images import Image, lack, place


@pytest.fixture(scope="session")
def image() -> Image:
    """Its tests fail where building it did, and no others."""
    if none := lack():
        (pytest.fail if none.failed else pytest.skip)(none.reason)
    return Image(place() / "oci")


@pytest.fixture(scope="session")
def root(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's root file system."""
    if reason := why_not():
        pytest.skip(reason)
    unpacked = tmp_path_factory.mktemp("image") / "root"
    image.extract(unpacked)
    return unpacked


@pytest.fixture
def container(image: Image, root: Path, tmp_path: Path) -> Callable[..., Container]:
    """Makes containers of that image, or of a changed copy of its files."""

    def made(files: Path = root) -> Container:
        user, _, group = image.execution["User"].partition(":")
        state, configuration = tmp_path / "state", tmp_path / "configuration"
        state.mkdir(mode=0o700)
        os.chown(state, int(user), int(group))
        configuration.mkdir()
        return Container(files, image.execution, state, configuration)

    return made
