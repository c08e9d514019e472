"""One machine as a whole cluster: etcd, the API server, controllers, scheduler, containerd and the kubelet. It runs in
the namespaces of space.py, so its addresses and ports are its own, and nobody stops it: it ends with them."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cluster import kube, settings
from cluster.build import PROGRAMS
from cluster.pause import write_pause
from cluster.space import CGROUP_VARIABLE, STATE
from deploy.charts import DEFINITIONS
from harness import process
from harness.poll import wait_until

_VOLUMES = 3  # of two pods, and for a backup


class Node:
    """Start it once."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen] = {}

    def start(self) -> "Node":
        self._start_control_plane()
        self._start_runtime()
        self._start("kubelet", settings.kubelet(os.environ[CGROUP_VARIABLE]))
        self._wait(self._is_ready, "the node is ready")
        kube.apply(*(_volume(number) for number in range(_VOLUMES)))
        kube.kubectl("apply", "--server-side", "--filename", DEFINITIONS)
        kube.kubectl("wait", "--for=condition=Established", "--timeout=60s", "--all", "customresourcedefinitions")
        return self

    def load(self, archive: Path) -> None:
        """Instead of pulling it from a registry."""
        kube.ctr("images", "import", "--local", archive)

    def _start_control_plane(self) -> None:
        settings.write_keys()
        self._start("etcd", settings.etcd())
        self._start("kube-apiserver", settings.apiserver())
        self._wait(settings.CERTIFICATE.is_file, "the API server has a certificate")
        kube.KUBECONFIG.write_text(json.dumps(settings.kubeconfig()))
        self._wait(lambda: kube.answers("get", "--raw", "/readyz"), "the API server is ready")
        self._start("kube-controller-manager", settings.controllers())
        self._start("kube-scheduler", settings.scheduler())
        self._wait(lambda: kube.answers("get", "serviceaccount", "default"), "the controllers work")

    def _start_runtime(self) -> None:
        settings.write_runtime()
        self._start("containerd", {"config": settings.RUNTIME})
        self._wait(kube.CONTAINERD.exists, "containerd listens")
        archive = STATE / "pause.tar"
        write_pause(settings.PAUSE, archive)
        self.load(archive)

    def _start(self, name: str, options: Mapping[str, object]) -> None:
        words = [f"--{option}={value}" for option, value in options.items()]
        environment = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        command = [str(PROGRAMS / name), *words]
        self._running[name] = process.start(command, STATE / f"{name}.log", env=environment)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        """As long as all are running."""

        def come_true() -> bool:
            for name, each in self._running.items():
                if each.poll() is not None:
                    tail = (STATE / f"{name}.log").read_text(errors="replace").splitlines()[-20:]
                    raise RuntimeError("\n".join([f"{name} ended with status {each.returncode}:", *tail]))
            return condition()

        wait_until(come_true, what, 180, every_s=0.2)

    def _is_ready(self) -> bool:
        nodes = kube.get("nodes")["items"]
        conditions = {each["type"]: each["status"] for node in nodes for each in node["status"].get("conditions", [])}
        return conditions.get("Ready") == "True"


def _volume(number: int) -> dict[str, Any]:
    """Of the kind local, so that fsGroup is applied as it is on a disk."""
    path = STATE / f"volumes/{number}"
    path.mkdir(parents=True)
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [settings.NAME]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"local-{number}"},
        "spec": {
            "capacity": {"storage": "4Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }
