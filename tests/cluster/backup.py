"""A backup of a release, made and put back by the very words of the chart's README."""

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml
from cluster import kube
from cluster.build import PROGRAMS
from cluster.traffic import Traffic
from deploy.charts import CHART
from harness.paths import ROOT

_README = CHART / "README.md"
_JOB = CHART / "examples/restore-job.yaml"


def _block(kind: str, word: str) -> str:
    """The README's only block of this kind that has this word."""
    blocks = re.findall(rf"^```{kind}\n(.*?)^```", _README.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if word in block)
    return found


def values() -> dict[str, Any]:
    """Of the chart: where a copy leaves the pod."""
    return yaml.safe_load(_block("yaml", "extraVolumes"))


def claim(namespace: str) -> dict[str, Any]:
    """What they name."""
    (volume,) = values()["extraVolumes"]
    name = volume["persistentVolumeClaim"]["claimName"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }


class Backup:
    """Of the first pod of a release that has values()."""

    def __init__(self, directory: Path, namespace: str, traffic: Traffic) -> None:
        self._directory, self._namespace, self._traffic = directory, namespace, traffic

    def make(self) -> str:
        return self._follow(_block("sh", "store export"))

    def put_back(self, stateful: str) -> tuple[str, int]:
        """What was said, and how much the group had consumed when no pod was left. Afterwards one is started."""
        self._adapt(kube.get("statefulset", stateful, "--namespace", self._namespace))
        *restoring, starting = _block("sh", _JOB.name).strip().splitlines()
        said = self._follow("\n".join(restoring))
        consumed = self._traffic.consumed()
        self._follow(starting)
        return said, consumed

    def _adapt(self, stateful: dict[str, Any]) -> None:
        """As the Job's file says."""
        job = yaml.safe_load(_JOB.read_text())
        (its,) = stateful["spec"]["template"]["spec"]["containers"]
        (own,) = job["spec"]["template"]["spec"]["containers"]
        for part in ("image", "imagePullPolicy", "resources"):
            own[part] = its[part]
        adapted = self._directory / _JOB.relative_to(ROOT)
        adapted.parent.mkdir(parents=True, exist_ok=True)
        adapted.write_text(json.dumps(job))

    def _follow(self, words: str) -> str:
        """As somebody whose kubectl asks about that namespace."""
        here = json.loads(kube.KUBECONFIG.read_text())
        here["contexts"][0]["context"]["namespace"] = self._namespace
        file = self._directory / "kubeconfig"
        file.write_text(json.dumps(here))
        environment = {**os.environ, "KUBECONFIG": str(file), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        return self._traffic.send_during(["bash", "-euxc", words], env=environment, cwd=self._directory)
