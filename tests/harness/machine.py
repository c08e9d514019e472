"""A throw-away Debian with a systemd of its own, in namespaces of its own. Its network is this machine's, so that a
broker on 127.0.0.1 can be reached from it. Needs root, mmdebstrap and systemd-nspawn."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterable
from pathlib import Path

from . import debian, process
from .debian import Unavailable, last_line
from .paths import ROOT
from .poll import wait_until

_TOOLS = ("mmdebstrap", "systemd-nspawn", "unshare", "nsenter")

# A mount namespace with nothing but cgroup v2, which systemd asks for, wherever this machine has it. The changes of the
# root file system stay in memory.
_BOOT = r"""
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$NAME"
echo $$ >"/sys/fs/cgroup/$NAME/cgroup.procs"
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=755 changes "$PLACE/changes"
mkdir "$PLACE/changes/upper" "$PLACE/changes/work"
mount -t overlay overlay -o "lowerdir=$ROOT,upperdir=$PLACE/changes/upper,workdir=$PLACE/changes/work" "$PLACE/root"
exec systemd-nspawn --quiet --register=no --keep-unit --machine="$NAME" --directory="$PLACE/root" \
  --resolv-conf=off --timezone=off --bind="$PLACE/share:/share" --boot --console=pipe
"""
_FORGET_CGROUP = r"""
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
[ ! -d "/sys/fs/cgroup/$NAME" ] || find "/sys/fs/cgroup/$NAME" -depth -type d -exec rmdir {} +
"""
_TRY = r"""
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$NAME"
rmdir "/sys/fs/cgroup/$NAME"
mount -t tmpfs -o mode=755 run /run
mkdir /run/upper /run/work /run/root
mount -t overlay overlay -o "lowerdir=$ROOT,upperdir=/run/upper,workdir=/run/work" /run/root
"""
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
}


def _unshared(script: str) -> list[str]:
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    return [*namespaces, "bash", "-euc", script]


def why_not() -> str:
    """Why no machine can be booted here, in one line; empty if one can."""
    if os.geteuid() != 0:
        return "booting systemd takes root"
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        return f"not installed: {', '.join(missing)}"
    environment = {**os.environ, "NAME": f"firstseen-try-{uuid.uuid4().hex}", "ROOT": str(ROOT)}
    done = subprocess.run(_unshared(_TRY), env=environment, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no namespaces, cgroups or overlays: {last_line(done.stderr)}"


def with_systemd(release: str, packages: Iterable[str]) -> Path:
    """The root file system of a machine with these packages; not to be had where debian.Unavailable is raised."""
    return debian.root_file_system("machine", release, {"systemd", "systemd-sysv", "dbus", "procps", *packages})


class Machine:
    """Use as a context manager, which raises debian.Unavailable if the machine ends before it is up, with nothing of
    firstseen in it. `share` is a directory that it sees as /share."""

    def __init__(self, root: Path) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="firstseen-machine-"))
        self.share = self._place / "share"
        self.console = self._place / "console"
        for name in ("share", "changes", "root"):
            (self._place / name).mkdir()
        name = f"firstseen-{uuid.uuid4().hex[:12]}"  # of its cgroup, too: others may run beside it
        self._variables = {**os.environ, "ROOT": str(root), "PLACE": str(self._place), "NAME": name}
        self._process: subprocess.Popen | None = None
        self._init: int | None = None

    def boot(self, timeout_s: float = 60.0) -> "Machine":
        self._process = process.start(_unshared(_BOOT), self.console, env=self._variables)
        self._init = wait_until(self._find_init, "systemd has begun", timeout_s)
        wait_until(self._up, "systemd is up", timeout_s, every_s=0.2)
        return self

    def _up(self) -> bool:
        self._must_run()
        return self.run("systemctl is-system-running", check=False).stdout.strip() in {"running", "degraded"}

    def _must_run(self) -> None:
        assert self._process is not None
        if (status := self._process.poll()) is not None:
            said = last_line(self.console.read_text(errors="replace"))
            raise Unavailable(f"systemd cannot be booted here (exit status {status}): {said}")

    def _find_init(self) -> int | None:
        """The process below ours that is number 1 in the namespace within our namespace."""
        self._must_run()
        assert self._process is not None
        parents: dict[int, int] = {}
        candidates = []
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            except OSError:
                continue  # it has ended
            pid, numbers = int(status.parent.name), fields["NSpid"].split()
            parents[pid] = int(fields["PPid"])
            if len(numbers) >= 3 and numbers[-1] == "1":
                candidates.append(pid)
        for candidate in candidates:
            pid = candidate
            while pid in parents and pid != self._process.pid:
                pid = parents[pid]
            if pid == self._process.pid:
                return candidate
        return None

    def run(self, command: str, check: bool = True, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """A command of bash as root in the machine, without a terminal."""
        enter = ["nsenter", f"--target={self._init}", "--mount", "--uts", "--ipc", "--pid", "--root", "--wd"]
        done = process.run([*enter, "bash", "-c", command], _ENVIRONMENT, timeout_s)
        if check and done.returncode != 0:
            raise AssertionError(f"{command!r} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def shows(self, unit: str, name: str) -> str:
        """A property as systemctl shows it, e.g. ActiveState."""
        return self.run(f"systemctl show --value --property={name} '{unit}'").stdout.strip()

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        forget = _unshared(_FORGET_CGROUP)

        def forgotten() -> bool:
            return subprocess.run(forget, env=self._variables, capture_output=True, check=False).returncode == 0

        wait_until(forgotten, "the machine's processes have ended", every_s=0.2)
        shutil.rmtree(self._place)

    def __enter__(self) -> "Machine":
        try:
            return self.boot()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()
