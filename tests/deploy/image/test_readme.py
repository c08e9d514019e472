"""What deploy/image/README.md shows for `podman run`: takes no image."""

import json
import re
import subprocess
from pathlib import Path

import yaml
from harness.daemon import config
from harness.paths import ROOT, firstseen_binary

_TOKEN = "/run/secrets/metrics-token"


def _shown() -> tuple[str, dict]:
    """The command that runs the daemon, and what it wants of the configuration."""
    text = (ROOT / "deploy/image/README.md").read_text()
    (section,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (command,) = re.findall(r"^podman run --detach(?:.*\\\n)*.*", text, re.MULTILINE)
    return command, yaml.safe_load(section)["http"]


def test_pages_and_probes_are_reached_from_outside_of_the_container():
    command, http = _shown()
    published = set(re.findall(r"--publish \S+:(\d+)(?=\s)", command))
    hosts, ports = zip(*(http[name].rsplit(":", 1) for name in ("listen", "probe_listen")), strict=True)
    assert set(hosts) == {"0.0.0.0"}
    assert set(ports) == published
    assert f":{http['token_file']}:ro" in command


def test_firstseen_takes_what_is_shown_and_has_nothing_to_remark(tmp_path: Path):
    _, http = _shown()
    assert http["token_file"] == _TOKEN
    (tmp_path / "token").write_text("a1b2c3\n")
    settings = config(tmp_path, "kafka:9092", ["orders"], "orders", "orders.unique",
                      http={**http, "token_file": str(tmp_path / "token")})  # fmt: skip
    (tmp_path / "orders.yaml").write_text(json.dumps(settings))
    command = [firstseen_binary(), "validate", tmp_path / "orders.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
