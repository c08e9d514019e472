"""What Kubernetes and the Prometheus Operator know of their objects, as JSON Schemas that allow no other field."""

import json
from pathlib import Path
from typing import Any

import yaml
from deploy.charts import DEFINITIONS
from deploy.tools import kubernetes_schemas

VERSIONS = ["1.30", "1.33", "1.36"]
OPERATOR = "monitoring.coreos.com/"  # its objects are no part of Kubernetes
_ANYTHING = "x-kubernetes-preserve-unknown-fields"
_DEFINITIONS = "_definitions"


def _folder(version: str) -> str:
    return f"kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict"


def definitions(version: str) -> Any:
    """What all the others refer to, as /api/_definitions.json."""
    return _of_kubernetes(version, _DEFINITIONS)


def _of_kubernetes(version: str, name: str) -> Any:
    return json.loads(kubernetes_schemas().read(f"{_folder(version)}/{name}.json"))


def _name(made: dict[str, Any]) -> str:
    group, _, version = made["apiVersion"].rpartition("/")
    return (
        f"{made['kind'].lower()}-{group.partition('.')[0]}-{version}" if group else f"{made['kind'].lower()}-{version}"
    )


def of_kubernetes(version: str, made: dict[str, Any]) -> Any:
    return _of_kubernetes(version, _name(made))


def _closed(schema: Any) -> Any:
    """As a strict API server reads it: there is no field but those that are named."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and not schema.get(_ANYTHING):
        closed.setdefault("additionalProperties", False)
    return closed


def of_the_operator(made: dict[str, Any]) -> Any:
    file = DEFINITIONS / f"{OPERATOR.rstrip('/')}_{made['kind'].lower()}s.yaml"
    (schema,) = (
        each["schema"]["openAPIV3Schema"]
        for each in yaml.safe_load(file.read_text())["spec"]["versions"]
        if each["name"] == made["apiVersion"].removeprefix(OPERATOR)
    )
    return _closed(schema)


def write(version: str, objects: list[dict[str, Any]], folder: Path) -> str:
    """The schemas of these objects as files that refer to one another by name alone; where, as kubeconform is told."""
    for made in objects:
        of_operator = made["apiVersion"].startswith(OPERATOR)
        _write(folder / f"{_name(made)}.json", of_the_operator(made) if of_operator else of_kubernetes(version, made))
    _write(folder / f"{_DEFINITIONS}.json", definitions(version))
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def _write(file: Path, schema: dict[str, Any]) -> None:
    without_address = {name: value for name, value in schema.items() if name not in ("id", "$id")}
    file.write_text(json.dumps(without_address).replace(f"/api/{_DEFINITIONS}.json", f"{_DEFINITIONS}.json"))
