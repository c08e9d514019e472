"""The chart, rendered by helm, and what was rendered before (the golden files)."""

import subprocess
from pathlib import Path
from typing import Any

import yaml
from deploy.tools import helm
from harness.paths import ROOT

CHART = ROOT / "deploy/helm/firstseen"
GOLDEN = Path(__file__).parent / "chart/golden"
DEFINITIONS = Path(__file__).parent / "chart/operator"  # of the Prometheus Operator's objects
EXAMPLES = sorted(file.stem.removesuffix("-values") for file in (CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "orders", "streams"

Objects = list[dict[str, Any]]


def values_file(example: str) -> Path:
    return CHART / f"ci/{example}-values.yaml"


def run_helm(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(helm()), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def template(example: str, *options: object) -> subprocess.CompletedProcess[str]:
    return run_helm("template", RELEASE, CHART, "--namespace", NAMESPACE, "--values", values_file(example), *options)


def render(example: str, *options: object) -> Objects:
    """Every object of the chart with the values of ci/EXAMPLE-values.yaml, hooks included."""
    done = template(example, *options)
    assert done.returncode == 0, done.stderr
    return [made for made in yaml.safe_load_all(done.stdout) if made]


def golden(example: str) -> Objects:
    return list(yaml.safe_load_all((GOLDEN / f"{example}.yaml").read_text()))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def to_yaml(objects: Objects) -> str:
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, explicit_start=True, width=120)


def one(objects: Objects, kind: str) -> dict[str, Any]:
    """The object of this kind; the dashboard's ConfigMap does not count."""
    found = [made for made in objects if made["kind"] == kind]
    (only,) = (made for made in found if not made["metadata"]["name"].endswith("-dashboard"))
    return only


def pods(objects: Objects) -> dict[str, dict[str, Any]]:
    """The specification of every pod, by the kind and name of what makes it."""
    found = {}
    for made in objects:
        name = f"{made['kind']} {made['metadata']['name']}"
        if made["kind"] == "Pod":
            found[name] = made["spec"]
        elif made["kind"] == "StatefulSet":
            found[name] = made["spec"]["template"]["spec"]
    return found
