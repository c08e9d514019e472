"""Puts the image together from a Debian in a directory and from what ./build made in it. Reads no clock and no network:
the same input gives the same bytes."""

import argparse
import hashlib
from pathlib import Path

import contents
import debian
import layer
import oci
import sbom

_LICENSE = "Apache-2.0"
_SBOM = "/usr/share/doc/firstseen/firstseen.cdx.json"


def _labels(version: str, revision: str, source: str, created: str) -> dict[str, str]:
    labels = {
        "title": "firstseen",
        "description": "Kafka consumer that republishes only the messages whose key was not seen within a window",
        "created": created,
        "version": version,
        "revision": revision,
        "source": source,
        "licenses": _LICENSE,
    }
    return {f"org.opencontainers.image.{name}": value for name, value in labels.items() if value}


def _execution(labels: dict[str, str]) -> dict[str, object]:
    """TMPDIR is the one place that can be written when the root file system cannot: `demo` needs one."""
    return {
        "User": f"{contents.USER}:{contents.USER}",
        "Env": ["PATH=/usr/bin", f"TMPDIR={contents.STATE}"],
        "WorkingDir": contents.STATE,
        "Entrypoint": ["/usr/bin/firstseen"],
        "Cmd": ["run", "--config", "/etc/firstseen/firstseen.yaml"],
        "Volumes": {contents.STATE: {}},
        "StopSignal": "SIGTERM",
        "Labels": labels,
    }


def assemble(root: Path, work: Path, created_s: int, revision: str, source: str) -> tuple[dict[str, bytes], bytes]:
    """The files of the OCI layout, and the SBOM, which is in the image, too. `root` is the Debian; `work` holds
    firstseen's package, unpacked (program/, control), and what ldd (linked) and ninja (headers) say of it."""
    system = debian.Debian(root)
    program = contents.Program(work / "program", debian.package((work / "control").read_text()))
    libraries = set(debian.linked((work / "linked").read_text()))
    tree, packages = contents.fill(system, program, libraries)

    version = program.package.version.partition("+")[0]
    created = oci.rfc3339(created_s)
    compiled = (system.owner(path) for path in debian.headers((work / "headers").read_text()))
    bom = sbom.text(
        sbom.cyclonedx(
            sbom.Subject("firstseen", version, _LICENSE, created),
            system.release["VERSION_ID"],
            packages,
            (package for package in compiled if package is not None),
            hashlib.sha256((program.root / "usr/bin/firstseen").read_bytes()).hexdigest(),
        )
    )
    tree.file(_SBOM, bom)
    image = oci.Image(
        name=f"localhost/firstseen:{version}",
        architecture=debian.oci_architecture(program.package.architecture),
        created_s=created_s,
        execution=_execution(_labels(version, revision, source, created)),
        layer=layer.tar(tree, created_s),
    )
    return oci.layout(image), bom


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--root", type=Path, required=True, help="a Debian in a directory")
    arguments.add_argument("--work", type=Path, required=True, help="what ./build made in it")
    arguments.add_argument("--created", type=int, required=True, help="seconds since 1970, of every file, too")
    arguments.add_argument("--revision", required=True, help="the commit")
    arguments.add_argument("--source", default="", help="where the source is, as a URL")
    arguments.add_argument(
        "--out", type=Path, required=True, help="here go oci/, firstseen.oci.tar, firstseen.cdx.json"
    )
    given = arguments.parse_args()
    files, bom = assemble(given.root, given.work, given.created, given.revision, given.source)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "firstseen.cdx.json").write_bytes(bom)
    oci.write(files, given.out / "oci", given.out / "firstseen.oci.tar")
    print(oci.digest(files))


if __name__ == "__main__":
    main()
