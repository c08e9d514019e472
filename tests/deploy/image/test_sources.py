"""Where the Debian that the image is made in comes from: the servers that this machine asks."""

from pathlib import Path

import pytest
from sources import servers, sources

_DEB822 = """# as the installer writes it
Types: deb
URIs: http://near.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://near.example/security
Suites: bookworm-security
Components: main
"""
_LINES = """# deb http://off.example/debian trixie main
deb-src http://sources.example/debian trixie main
deb [arch=amd64 signed-by=/key.gpg] http://near.example/debian trixie main contrib
deb http://near.example/debian trixie-backports main
deb http://near.example/security trixie-security main
"""


@pytest.mark.parametrize(
    ("name", "text"), [("sources.list.d/debian.sources", _DEB822), ("sources.list", _LINES)], ids=["deb822", "lines"]
)
def test_they_are_asked_for_the_other_release(tmp_path: Path, name: str, text: str):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    found = servers(tmp_path)
    assert found == {"": "http://near.example/debian", "-security": "http://near.example/security"}
    made = sources("trixie", found)
    assert made.count("Types: deb\n") == 2
    assert "URIs: http://near.example/debian\nSuites: trixie trixie-updates\n" in made
    assert "URIs: http://near.example/security\nSuites: trixie-security\n" in made


def test_other_peoples_repositories_are_left_out(tmp_path: Path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/other.list").write_text("deb https://other.example/apt other-bookworm main\n")
    off = "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\n"
    (tmp_path / "sources.list.d/off.sources").write_text(off)
    found = servers(tmp_path)
    assert set(found) == {"", "-security"}
    assert not [server for server in found.values() if "example" in server], "Debian's own, as there are no others"
