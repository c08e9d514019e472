"""The namespaces that the cluster lives in: processes, mounts and network of its own, so that nothing of it is left
when its first process ends, however it ends; and cgroups, which outlive it and are removed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.poll import wait_until

STATE = Path("/run/cluster")
"""In memory, in there only."""
ADDRESS = "10.199.255.1"
"""The node's, in there: pods reach this machine's broker by it."""
CGROUP_VARIABLE = "FIRSTSEEN_CLUSTER_CGROUP"

_CGROUPS = Path("/sys/fs/cgroup")
_PREFIX = "firstseen-cluster-"
_TOOLS = ("unshare", "setpriv", "mount", "ip", "runc")
_PLUGINS = [Path("/usr/lib/cni") / name for name in ("bridge", "host-local", "loopback")]
_UNSHARE = ["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", "--propagation", "private"]
# The kubelet sets these for the whole machine unless they are as it wants them: it gets to see that they are.
_SYSCTLS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}
# The shell stays the first process: it takes over, and reaps, those whose parent has ended.
_ENTER = r"""
mount -t proc proc /proc
mount -t tmpfs -o mode=755 run /run
for setting in $SYSCTLS; do
  name=${setting%%=*}
  echo "${setting#*=}" >"/run/${name//\//.}"
  mount --bind "/run/${name//\//.}" "/proc/sys/$name"
done
mkdir "$STATE"
mount -t tmpfs -o mode=755 state "$STATE"
mkdir "$STATE/tmp"
ip link set lo up
ip address add "$ADDRESS/32" dev lo
status=0
"$@" || status=$?
exit "$status"
"""
_TRY = "ip link add name try0 type bridge; ip link add try1 type veth peer name try2"


def _environment(cgroup: str) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
        "STATE": str(STATE),
        "ADDRESS": ADDRESS,
        "SYSCTLS": " ".join(f"{name}={value}" for name, value in _SYSCTLS.items()),
        "TMPDIR": str(STATE / "tmp"),
        "HELM_CACHE_HOME": str(STATE / "helm"),
        "HELM_CONFIG_HOME": str(STATE / "helm"),
        "HELM_DATA_HOME": str(STATE / "helm"),
        "KUBECACHEDIR": str(STATE / "kube"),
        CGROUP_VARIABLE: f"/{cgroup}",
    }


def _hierarchies() -> list[Path]:
    """One directory with version 2, one per controller with version 1."""
    if (_CGROUPS / "cgroup.controllers").is_file():
        return [_CGROUPS]
    return sorted(path for path in _CGROUPS.iterdir() if path.is_dir() and not path.is_symlink())


def why_not() -> str:
    """Why there is no place for a cluster here, in one line; empty if there is."""
    if os.geteuid() != 0:
        return "a Kubernetes node takes root"
    if missing := [tool for tool in _TOOLS if not shutil.which(tool, path=_environment("")["PATH"])]:
        return f"not installed: {', '.join(missing)}"
    if missing := [str(plugin) for plugin in _PLUGINS if not plugin.is_file()]:
        return f"not installed (containernetworking-plugins): {', '.join(missing)}"
    inside = [*_UNSHARE, "bash", "-euc", f"{_TRY}\n{_ENTER}", "bash", "true"]
    done = subprocess.run(inside, env=_environment("try"), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"no permission for namespaces: {done.stderr.strip().splitlines()[-1]}"
    name = f"{_PREFIX}{os.getpid()}"
    try:
        _make_cgroups(name)
    except OSError as error:
        return f"no cgroups: {error}"
    finally:
        _remove_cgroups(name)
    return ""


def _make_cgroups(name: str) -> None:
    for hierarchy in _hierarchies():
        (hierarchy / name).mkdir()


def _directories(name: str) -> Iterator[Path]:
    """Of that cgroup, the innermost first."""
    for hierarchy in _hierarchies():
        for path, _, _ in os.walk(hierarchy / name, topdown=False):
            yield Path(path)


def _remove_cgroups(name: str) -> bool:
    """False while a process in it is still ending."""
    try:
        for directory in _directories(name):
            directory.rmdir()
    except OSError:
        return False
    return True


def _remove_abandoned() -> None:
    """What a run has left that was killed before it could do so."""
    left = {path.name for hierarchy in _hierarchies() for path in hierarchy.glob(f"{_PREFIX}*")}
    for name in left:
        if not Path(f"/proc/{name.removeprefix(_PREFIX)}").exists():
            _remove_cgroups(name)


def run(command: list[str]) -> int:
    """The command's exit status. It ends with everything that it has started, also when this program is killed."""
    _remove_abandoned()
    name = f"{_PREFIX}{os.getpid()}"
    _make_cgroups(name)
    inside = ["setpriv", "--pdeathsig", "KILL", "--", *_UNSHARE, "bash", "-euc", _ENTER, "bash", *command]
    sys.stdout.flush()
    child = subprocess.Popen(inside, env=_environment(name))
    try:
        return _wait(child)
    finally:
        child.kill()
        child.wait()
        wait_until(lambda: _remove_cgroups(name), f"the cgroups {name} are empty", 60)


def _wait(child: subprocess.Popen) -> int:
    """An interrupt goes to the tests, too, which then end by themselves."""
    try:
        return child.wait()
    except KeyboardInterrupt:
        return child.wait(60)
