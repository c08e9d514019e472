"""The program's commands and options as --help tells them, and the man pages and completions that it writes."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harness.paths import firstseen_binary

_OPTION = re.compile(r"^ +(?:(-\w),?)?(--[\w-]+)?(?: |$)")
_COMMAND = re.compile(r"^  ([a-z][\w-]*) ")


@dataclass
class Command:
    words: tuple[str, ...]
    """As typed: ("firstseen", "store", "lookup")."""
    options: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return " ".join(self.words)


def _described(words: tuple[str, ...]) -> Command:
    """Read from the text for people, so that this knows nothing of how the pages are made."""
    done = subprocess.run([firstseen_binary(), *words[1:], "--help"], capture_output=True, text=True, check=True)
    command, heading = Command(words), ""
    for line in done.stdout.splitlines():
        if line.strip() in {"Options:", "Subcommands:", "Positionals:"}:
            heading = line.strip()
        elif not line.startswith(" "):
            heading = ""
        elif heading == "Options:" and (found := _OPTION.match(line)):
            command.options |= {name for name in found.groups() if name}
        elif heading == "Subcommands:" and (found := _COMMAND.match(line)):
            command.commands.add(found[1])
    return command


def _all(words: tuple[str, ...]) -> list[Command]:
    command = _described(words)
    return [command] + [each for name in sorted(command.commands) for each in _all((*words, name))]


@pytest.fixture(scope="session")
def commands() -> list[Command]:
    found = _all(("firstseen",))
    assert len(found) > 10
    assert all("--help" in command.options for command in found)
    return found


@pytest.fixture(scope="session")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed with the program: man, bash, zsh, fish."""
    directory = tmp_path_factory.mktemp("manual")
    subprocess.run([firstseen_binary(), "manual", directory], check=True)
    return directory
