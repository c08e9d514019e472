"""The image of the container that holds a pod's namespaces."""

import platform
from pathlib import Path

from cluster.build import PROGRAMS
from layer import tar
from oci import Image, layout, write
from tree import Entry, Kind

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def write_pause(name: str, archive: Path) -> None:
    program = Entry("pause", Kind.FILE, 0o755, data=(PROGRAMS / "pause").read_bytes())
    execution = {"User": "65535:65535", "Entrypoint": ["/pause"], "Labels": {}}
    architecture = _MACHINES.get(platform.machine(), platform.machine())
    image = Image(name, architecture, 0, execution, tar([program], 0))
    write(layout(image), archive.with_suffix(""), archive)
