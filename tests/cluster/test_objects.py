"""What an API server has to say of the chart's objects."""

import json
from typing import Any

import pytest
from cluster import kube
from cluster.build import PROGRAMS
from cluster.node import Node
from cluster.release import make_namespace
from deploy.charts import EXAMPLES, NAMESPACE, Objects, one, render


def _refused(objects: Objects) -> str:
    """Why, else nothing: an unknown field is a reason. A pod is taken only if its account is there."""
    accounts = [made for made in objects if made["kind"] == "ServiceAccount"]
    if accounts:
        kube.apply(*accounts)
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    options = ("--dry-run=server", "--validate=strict", "--filename", "-")
    done = kube.run(PROGRAMS / "kubectl", "apply", *options, text=text)
    return "" if done.returncode == 0 else done.stderr


def _changed(**fields: Any) -> Objects:
    objects = render("minimal")
    one(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"][0].update(fields)
    return objects


@pytest.fixture(scope="module", autouse=True)
def namespace(node: Node) -> None:
    make_namespace(NAMESPACE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_server_takes_every_object_of(example: str):
    assert _refused(render(example)) == ""


def test_the_server_refuses_a_field_that_it_does_not_know():
    assert 'unknown field "volumeMount"' in _refused(_changed(volumeMount=[]))


def test_the_server_refuses_a_quantity_that_is_none():
    assert "quantities must match" in _refused(_changed(resources={"limits": {"memory": "lots"}}))
