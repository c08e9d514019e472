"""The packages for each release of Debian: this machine's own, and those that building the image leaves for its."""

from pathlib import Path

import pytest
from deploy.images import lack, place
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
    if none := lack():
        pytest.skip(f"no package for {release}, which building the image leaves: {none.reason}")
    folder = place() / "work/packages"
    if not folder.is_dir():
        pytest.skip(f"no package for {release}: only the image is in {place()}, not what it was made of")
    return package(name, folder)
