"""What kubeconform has to say of the chart's objects: of every one, the Prometheus Operator's included."""

import json
import subprocess
from pathlib import Path

import pytest
from cluster.build import PROGRAMS
from deploy.charts import EXAMPLES, Objects, one, render

from deploy import schemas


def _found(version: str, objects: Objects, folder: Path) -> tuple[dict[str, int], str]:
    """How many of them are what; and all that was said."""
    location = schemas.write(version, objects, folder)
    file = folder / "objects.yaml"
    file.write_text("---\n".join(json.dumps(made) + "\n" for made in objects))
    command = [PROGRAMS / "kubeconform", "-strict", "-summary", "-output", "json", "-schema-location", location]
    command += ["-kubernetes-version", f"{version}.0", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return json.loads(done.stdout)["summary"], said


@pytest.mark.parametrize("version", schemas.VERSIONS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_kubeconform_knows_every_field_of(example: str, version: str, tmp_path: Path):
    objects = render(example)
    summary, said = _found(version, objects, tmp_path)
    assert summary == {"valid": len(objects), "invalid": 0, "errors": 0, "skipped": 0}, said


def test_kubeconform_refuses_a_field_that_kubernetes_does_not_know(tmp_path: Path):
    objects = render("minimal")
    one(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["volumeMount"] = []
    summary, said = _found(schemas.VERSIONS[0], objects, tmp_path)
    assert (summary["invalid"], summary["errors"]) == (1, 0), said
    assert "volumeMount" in said
