"""The cluster's own command line tools."""

import json
import os
import subprocess
from typing import Any

from cluster.build import PROGRAMS
from cluster.space import STATE

KUBECONFIG = STATE / "kubeconfig"
CONTAINERD = STATE / "containerd.sock"
_SHOWN_LINES = 40


def run(*command: object, text: str | None = None, timeout_s: float = 180.0) -> subprocess.CompletedProcess[str]:
    """To its end, whatever that is."""
    return subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "KUBECONFIG": str(KUBECONFIG)},
        input=text if text is not None else "",
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def checked(*command: object, text: str | None = None, timeout_s: float = 180.0) -> str:
    """What it prints; it must succeed."""
    done = run(*command, text=text, timeout_s=timeout_s)
    assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}"
    return done.stdout


def kubectl(*arguments: object, text: str | None = None) -> str:
    return checked(PROGRAMS / "kubectl", *arguments, text=text)


def answers(*arguments: object) -> bool:
    """Whether kubectl succeeds, while something is still starting."""
    return run(PROGRAMS / "kubectl", *arguments).returncode == 0


def get(*arguments: object) -> dict[str, Any]:
    return json.loads(kubectl("get", *arguments, "--output", "json"))


def apply(*objects: dict[str, Any]) -> None:
    kubectl("apply", "--filename", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def ctr(*arguments: object) -> str:
    """containerd's, for what the kubelet uses."""
    return checked(PROGRAMS / "ctr", "--address", CONTAINERD, "--namespace", "k8s.io", *arguments)


def diagnosis(namespace: str) -> str:
    """What a failed test leaves for its reader, as far as it can be had."""
    asked = [
        ("get", "pods,statefulsets,pvc,pv,nodes", "--output", "wide"),
        ("get", "events", "--sort-by", ".lastTimestamp"),
        ("logs", "--selector", "app.kubernetes.io/name=firstseen", "--all-containers", "--prefix", "--tail", "30"),
    ]
    texts = []
    for question in asked:
        done = run(PROGRAMS / "kubectl", "--namespace", namespace, *question)
        texts.append(f"--- kubectl {' '.join(question)}\n{done.stdout}{done.stderr}")
    for log in sorted(STATE.glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:]
        texts.append("\n".join([f"--- {log.name}", *lines]))
    return "\n".join(texts)
