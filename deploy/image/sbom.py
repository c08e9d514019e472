"""What an image consists of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from debian import Package

_USE = "firstseen:use"


@dataclass(frozen=True)
class Subject:
    """The image."""

    name: str
    version: str
    license: str
    created: str
    """RFC 3339."""


def package_url(package: Package, release: str) -> str:
    """https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md"""
    qualifiers = {"arch": package.architecture, "distro": f"debian-{release}"}
    if package.source != package.name:
        qualifiers["upstream"] = package.source
    return f"pkg:deb/debian/{quote(package.name, safe='')}@{quote(package.version, safe='')}?{urlencode(qualifiers)}"


def _library(package: Package, release: str, use: str) -> dict[str, Any]:
    url = package_url(package, release)
    return {
        "type": "library",
        "bom-ref": url,
        "name": package.name,
        "version": package.version,
        "purl": url,
        "properties": [{"name": _USE, "value": use}],
    }


def cyclonedx(
    subject: Subject, release: str, files: Iterable[Package], headers: Iterable[Package], program_sha256: str
) -> dict[str, Any]:
    """`files`: packages with files in the image; `headers`: those whose headers the program was compiled with."""
    installed = {package.name: package for package in files}
    compiled = {package.name: package for package in headers if package.name not in installed}
    libraries = [_library(each, release, "files") for _, each in sorted(installed.items())]
    libraries += [_library(each, release, "headers") for _, each in sorted(compiled.items())]
    program = {
        "type": "application",
        "bom-ref": "program",
        "name": subject.name,
        "version": subject.version,
        "licenses": [{"license": {"id": subject.license}}],
        "hashes": [{"alg": "SHA-256", "content": program_sha256}],
    }
    system = {"type": "operating-system", "bom-ref": "system", "name": "debian", "version": release}
    image = {"type": "container", "bom-ref": "image", "name": subject.name, "version": subject.version}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": subject.created, "component": image},
        "components": [program, system, *libraries],
        "dependencies": [
            {"ref": "image", "dependsOn": ["program", "system"]},
            {"ref": "program", "dependsOn": [each["bom-ref"] for each in libraries]},
        ],
    }


def text(bom: dict[str, Any]) -> bytes:
    return (json.dumps(bom, indent=1) + "\n").encode()
