"""The release under test, as helm and kubectl see it, and its pods over HTTP."""

import copy
import http.client
import json
import os
import re
import signal
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from cluster import backup, kube
from cluster.backup import Backup
from cluster.pages import Pages
from cluster.traffic import Traffic
from deploy.charts import CHART
from harness.poll import wait_until

NAME, NAMESPACE = "orders", "shop"
_STATEFUL = f"{NAME}-firstseen"
_DAEMONS = "app.kubernetes.io/component=daemon"
_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# A member of the group that has ended is out of it within seconds.
_SESSION = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "1000"}


def make_namespace(name: str) -> None:
    """One that refuses every pod that is not restricted, if it is not there yet."""
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _RESTRICTED}})
    account = ("get", "serviceaccount", "default", "--namespace", name)
    wait_until(lambda: kube.answers(*account), f"the namespace {name} has its account", 60)


class Release:
    def __init__(self, image: str, traffic: Traffic, directory: Path) -> None:
        repository, _, tag = image.rpartition(":")
        self._traffic = traffic
        self._file = directory / "values.json"
        self._pages = Pages(directory, _STATEFUL, NAMESPACE)
        self._values: dict[str, Any] = {
            "image": {"repository": repository, "tag": tag, "pullPolicy": "Never"},
            "config": {
                "kafka": {"brokers": [traffic.brokers], "properties": _SESSION},
                "input": {"topics": [traffic.input], "group": traffic.group},
                "output": {"topic": traffic.output},
                "key": {"fields": ["payload:/id"]},
                "window": {"ttl": "24h"},
                "store": {"max_size": "256MiB"},
            },
            "persistence": {"size": "1Gi"},
            "probes": {"startup": {"periodSeconds": 1}, "readiness": {"periodSeconds": 1}},
            "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "768Mi"}},
            **self._pages.values(),
            **backup.values(),
        }
        self.backup = Backup(directory, NAMESPACE, traffic)
        make_namespace(NAMESPACE)
        kube.apply(*self._pages.secrets(), backup.claim(NAMESPACE))

    def _helm(self, *arguments: object) -> list[str]:
        return [os.environ["FIRSTSEEN_HELM"], *map(str, arguments), "--namespace", NAMESPACE]

    def helm(self, *arguments: object) -> str:
        return kube.checked(*self._helm(*arguments), timeout_s=300)

    def put(self, verb: str, *, ttl: str = "24h", replicas: int = 1) -> None:
        """`verb` is install or upgrade; waits until the pods are ready."""
        values = copy.deepcopy(self._values)
        values["replicaCount"] = replicas
        values["config"]["window"]["ttl"] = ttl
        self._file.write_text(json.dumps(values))
        options = ("--values", self._file, "--wait", "--timeout", "240s")
        environment = {**os.environ, "KUBECONFIG": str(kube.KUBECONFIG)}
        self._traffic.send_during(self._helm(verb, NAME, CHART, *options), env=environment)

    def pods(self) -> dict[str, dict[str, Any]]:
        """The daemons, by name."""
        found = kube.get("pods", "--namespace", NAMESPACE, "--selector", _DAEMONS)["items"]
        return {pod["metadata"]["name"]: pod for pod in found}

    def pod(self, ordinal: int = 0) -> dict[str, Any]:
        """Nothing while there is none."""
        return self.pods().get(f"{_STATEFUL}-{ordinal}", {})

    def is_ready(self, ordinal: int = 0) -> bool:
        conditions = self.pod(ordinal).get("status", {}).get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def restarts(self) -> int:
        (container,) = self.pod()["status"]["containerStatuses"]
        return container["restartCount"]

    def kill_process(self) -> None:
        """SIGKILL, from outside of its container."""
        (container,) = self.pod()["status"]["containerStatuses"]
        identity = container["containerID"].removeprefix("containerd://")
        (row,) = (line.split() for line in kube.ctr("tasks", "list").splitlines() if line.startswith(identity))
        os.kill(int(row[1]), signal.SIGKILL)

    def delete_by_force(self) -> None:
        command = ("delete", "pod", f"{_STATEFUL}-0", "--namespace", NAMESPACE, "--force", "--grace-period=0")
        kube.kubectl(*command)

    def page(self, path: str, token: str | None = None, ordinal: int = 0) -> tuple[int, str]:
        """Status and body; see Pages.get."""
        return self._pages.get(self.pod(ordinal)["status"]["podIP"], path, token)

    def metric(self, series: str, ordinal: int = 0) -> float:
        """A series with its labels, as the pod tells it; -1 while there is none."""
        try:
            _, text = self.page("/metrics", ordinal=ordinal)
        except ssl.SSLCertVerificationError:
            raise
        except (KeyError, OSError, http.client.HTTPException):  # no pod, no address, nobody there yet, or no more
            return -1.0
        found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else -1.0

    def asked_by_its_test(self) -> list[str]:
        """The addresses that the curl of `helm test` asks, if it is given one."""
        options = ("--values", self._file, "--set", "helmTest.curlImage=curl")
        made = yaml.safe_load(
            self.helm("template", NAME, CHART, *options, "--show-only", "templates/tests/release.yaml")
        )
        (curl,) = (each for each in made["spec"]["containers"] if each["name"] == "ready")
        return [word for word in curl["args"] if word.startswith("http")]

    def status_of(self, url: str) -> int:
        """What the pod answers whose name the address has, by its number: the node resolves no names."""
        asked = urlsplit(url)
        pod, service, *_ = (asked.hostname or "").split(".")
        made = self.pods()[pod]
        assert service == kube.get("statefulset", _STATEFUL, "--namespace", NAMESPACE)["spec"]["serviceName"]
        try:
            with urllib.request.urlopen(
                f"http://{made['status']['podIP']}:{asked.port}{asked.path}", timeout=5
            ) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def partitions(self, ordinal: int) -> float:
        """Of the input, that run in this pod."""
        return self.metric('firstseen_partitions{mode="running"}', ordinal)

    def put_backup_back(self) -> tuple[str, int]:
        """See Backup.put_back."""
        return self.backup.put_back(_STATEFUL)

    def claims(self) -> set[str]:
        """Of the daemons."""
        found = kube.get("persistentvolumeclaims", "--namespace", NAMESPACE, "--selector", _DAEMONS)["items"]
        return {claim["metadata"]["name"] for claim in found if claim["status"]["phase"] == "Bound"}
