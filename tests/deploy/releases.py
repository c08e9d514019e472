"""The packages for each release of Debian: this machine's own, and those that building the image leaves for its."""

from pathlib import Path

import pytest
from deploy.images import Image, place, why_not_of_this_tree
from harness.debian import this_release
from harness.packages import package

NUMBERS = {"bookworm": "12", "trixie": "13"}
_IMAGE = "trixie"


def package_of(release: str, name: str) -> Path:
    """The test is left out where there is none for that release."""
    if release == this_release():
        return package(name)
    if release != _IMAGE:
        pytest.skip(
            f"no package for {release}: on {this_release()} they are built for it, and in the image for {_IMAGE}"
        )
    if not (place() / "oci/index.json").is_file():
        pytest.skip(f"no package for {release}: they are left by building the image, of which there is none")
    if reason := why_not_of_this_tree(Image(place() / "oci").revision):
        pytest.skip(f"no package for {release}: {reason}")
    folder = place() / "work/packages"
    if not folder.is_dir():
        pytest.skip(f"no package for {release}: only the image is in {place()}, not what it was made of")
    return package(name, folder)
