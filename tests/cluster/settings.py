"""How each part of the cluster is set up: everybody trusts everybody, since nobody else can reach them."""

import json
import os
import subprocess
import uuid
from typing import Any

from cluster.kube import CONTAINERD, KUBECONFIG
from cluster.space import ADDRESS, STATE

NAME = "node"
PAUSE = "firstseen.test/pause:1"
RUNTIME = STATE / "containerd.toml"
CERTIFICATE = STATE / "apiserver/apiserver.crt"

_ETCD = "http://127.0.0.1:2379"
_PEER = "http://127.0.0.1:2380"
_PORT = 6443
_KEY = STATE / "accounts.key"
_TOKENS = STATE / "tokens.csv"
_TOKEN = uuid.uuid4().hex
_RUNTIME = f"""
version = 3
root = "{STATE}/containerd"
state = "{STATE}/containers"
[grpc]
  address = "{CONTAINERD}"
[ttrpc]
  address = "{CONTAINERD}.ttrpc"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{PAUSE}"
[plugins.'io.containerd.cri.v1.runtime']
  disable_apparmor = true
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "{STATE}/cni"
"""
_NETWORK = {
    "cniVersion": "1.0.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "pods",
            "isGateway": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "dataDir": str(STATE / "addresses"),
                "ranges": [[{"subnet": "10.199.0.0/24"}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
    ],
}


def write_keys() -> None:
    subprocess.run(["openssl", "genrsa", "-out", _KEY, "2048"], check=True, capture_output=True)
    _TOKENS.write_text(f"{_TOKEN},admin,admin,system:masters\n")


def write_runtime() -> None:
    RUNTIME.write_text(_RUNTIME)
    (STATE / "cni").mkdir()
    (STATE / "cni/pods.conflist").write_text(json.dumps(_NETWORK))


def etcd() -> dict[str, object]:
    return {
        "name": NAME,
        "data-dir": STATE / "etcd",
        "listen-client-urls": _ETCD,
        "advertise-client-urls": _ETCD,
        "listen-peer-urls": _PEER,
        "initial-advertise-peer-urls": _PEER,
        "initial-cluster": f"{NAME}={_PEER}",
        "log-level": "warn",
    }


def apiserver() -> dict[str, object]:
    return {
        "etcd-servers": _ETCD,
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": _PORT,
        "cert-dir": CERTIFICATE.parent,
        "token-auth-file": _TOKENS,
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": _KEY,
        "service-account-signing-key-file": _KEY,
        "service-cluster-ip-range": "10.96.0.0/16",
        "kubelet-preferred-address-types": "InternalIP",
        "authorization-mode": "RBAC",
        "endpoint-reconciler-type": "none",
    }


def kubeconfig() -> dict[str, Any]:
    cluster = {"server": f"https://127.0.0.1:{_PORT}", "certificate-authority": str(CERTIFICATE)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
        "current-context": "here",
    }


def _of_controllers(port: int) -> dict[str, object]:
    return {"kubeconfig": KUBECONFIG, "bind-address": "127.0.0.1", "secure-port": port, "leader-elect": "false"}


def controllers() -> dict[str, object]:
    return {
        **_of_controllers(10257),
        "service-account-private-key-file": _KEY,
        "root-ca-file": CERTIFICATE,
        "use-service-account-credentials": "false",
    }


def scheduler() -> dict[str, object]:
    return _of_controllers(10259)


def kubelet(cgroup: str) -> dict[str, object]:
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "100Mi"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "imageMinimumGCAge": "24h",
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": 0,
        "podLogsDir": str(STATE / "pods.log.d"),
        "resolvConf": os.devnull,
        "volumePluginDir": str(STATE / "plugins"),
    }
    file = STATE / "kubelet.json"
    file.write_text(json.dumps(config))
    return {
        "config": file,
        "kubeconfig": KUBECONFIG,
        "root-dir": STATE / "kubelet",
        "cert-dir": STATE / "kubelet/pki",
        "hostname-override": NAME,
        "node-ip": ADDRESS,
    }
