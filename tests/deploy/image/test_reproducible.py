"""The same commit and the same packages give the same image: by parts, since all of it, `./dev package image --twice`,
takes as long as compiling does."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from deploy.images import Image, place
from harness.debian import run_in, why_not
from harness.paths import ROOT

_UNITS = ("daemon/status_report.cpp", "daemon/version.cpp", "lib/key/template.cpp")
# In the Debian that the image is of, where it was compiled. What `ninja -t commands` says is run with other outputs.
_AGAIN = r"""
cd /mnt/firstseen/build/deb/firstseen/build/package
ninja -t commands firstseen >/tmp/commands
repeat() {  # repeat PATTERN: the one command with it, whose output is compared
  local command output
  command=$(grep -E -- "$1" /tmp/commands | sed 's/ && cd .*//')  # without what follows linking
  [ "$(wc -l <<<"$command")" = 1 ]
  output=$(sed -E 's/.* -o ([^ ]+) .*/\1/' <<<"$command")
  command=$(sed -E 's| -o [^ ]+ | -o /tmp/again |; s| -MF [^ ]+ | -MF /tmp/again.d |' <<<"$command")
  CCACHE_DISABLE=1 bash -c "$command"
  cmp "$output" /tmp/again
}
for unit in $UNITS; do repeat " -c [^ ]*/$unit\$"; done
repeat ' -o firstseen '
"""


def _contents(directory: Path) -> dict[str, bytes]:
    return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}


def _what_it_was_made_of() -> Path:
    held = place()
    if not (held / "debian.stamp").is_file():
        pytest.skip(f"only the image is in {held}, not what it was made of")
    return held


@pytest.mark.usefixtures("image")
def test_units_compiled_without_a_cache_and_the_program_linked_again_are_the_same():
    held = _what_it_was_made_of()
    if reason := why_not():
        pytest.skip(reason)
    done = run_in(held / "debian", held / "work", f"UNITS='{' '.join(_UNITS)}'\n{_AGAIN}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_assembled_again_from_one_compiled_package_it_is_the_same_to_the_last_byte(image: Image, tmp_path: Path):
    """By another time zone, umask and order of sets."""
    held = _what_it_was_made_of()
    labels = image.execution["Labels"]
    created = int(datetime.fromisoformat(image.config["created"]).timestamp())
    command = [sys.executable, ROOT / "deploy/image/assemble.py", "--root", held / "debian", "--work", held / "work"]
    command += ["--created", str(created), "--revision", labels["org.opencontainers.image.revision"]]
    command += ["--source", labels.get("org.opencontainers.image.source", ""), "--out", tmp_path]
    environment = {"PATH": os.environ["PATH"], "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, umask=0o077, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == image.digest
    assert _contents(tmp_path / "oci") == _contents(held / "oci")
    for name in ("firstseen.oci.tar", "firstseen.cdx.json"):
        assert (tmp_path / name).read_bytes() == (held / name).read_bytes()
