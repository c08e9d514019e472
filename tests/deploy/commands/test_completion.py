"""Completion in the shells themselves."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.terminal import Terminal

_ENVIRONMENT = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": "/nonexistent", "PS1": "", "LC_ALL": "C.UTF-8"}
# As on most people's machines; without it the words of a command behind "--" are completed as files.
_BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
# Ctrl-X prints the line as it stands, in angle brackets.
_BASH = r"""source {common}; source '{file}'; bind 'set bell-style none'
bind -x '"\C-x": printf "\n<%s>\n" "$READLINE_LINE"'; echo rea''dy
"""
_ZSH = r"""PS1=; fpath=('{directory}' $fpath); autoload -Uz compinit; compinit -D -u; unsetopt beep
show() {{ print -r -- $'\n'"<$BUFFER>" }}; zle -N show; bindkey '^X' show; print rea''dy
"""

_TYPED = {
    "firstseen ru": "firstseen run",
    "firstseen store loo": "firstseen store lookup",
    "firstseen status --conf": "firstseen status --config",
    "firstseen status --config ord": "firstseen status --config orders.yaml",
    "firstseen status --config=ord": "firstseen status --config=orders.yaml",
    "firstseen ingest --compression zst": "firstseen ingest --compression zstd",
    "firstseen filter --store see": "firstseen filter --store seen/",
    "firstseen filter ord": "firstseen filter orders.yaml",
    "firstseen filter --ttl ord": "firstseen filter --ttl ord",
    "firstseen exec --key k -- mkfif": "firstseen exec --key k -- mkfifo",
    "firstseen exec --key k -- firstseen ru": "firstseen exec --key k -- firstseen run",
}


def _need(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} on this machine")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A directory with one file and one directory to complete."""
    (tmp_path / "orders.yaml").touch()
    (tmp_path / "seen").mkdir()
    return tmp_path


@contextmanager
def _shell(command: list[str], desk: Path, setup: str) -> Iterator[Callable[[str], str]]:
    """What becomes of a line when Tab is pressed at its end."""

    def completed(line: str) -> str:
        terminal.type(f"{line}\t\x18")
        found = terminal.expect(r"<(.*)>")[1]
        terminal.type("\x15")  # Ctrl-U: an empty line again
        return found

    with Terminal(command, desk, _ENVIRONMENT) as terminal:
        terminal.type(setup)
        terminal.expect("ready\r?\n")
        yield completed


def test_bash_completes_what_is_typed(manual: Path, desk: Path):
    if not _BASH_COMPLETION.exists():
        pytest.skip("no bash-completion on this machine")
    setup = _BASH.format(common=_BASH_COMPLETION, file=manual / "bash/firstseen")
    with _shell(["bash", "--norc", "--noprofile", "-i"], desk, setup) as completed:
        assert {typed: completed(typed).rstrip() for typed in _TYPED} == _TYPED


def test_zsh_completes_what_is_typed(manual: Path, desk: Path):
    _need("zsh")
    with _shell(["zsh", "-f", "-i"], desk, _ZSH.format(directory=manual / "zsh")) as completed:
        # Behind an option that takes a value zsh puts "=", and takes it away when a blank is typed.
        assert {typed: completed(typed).rstrip(" =") for typed in _TYPED} == _TYPED


def _fish(manual: Path, desk: Path, line: str) -> list[str]:
    script = f"source {manual}/fish/firstseen.fish; complete -C '{line}'"
    environment = {**_ENVIRONMENT, "HOME": str(desk)}
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], cwd=desk, env=environment, capture_output=True, text=True, check=True
    )
    return [offered.partition("\t")[0] for offered in done.stdout.splitlines()]


def test_fish_completes_what_is_typed(manual: Path, desk: Path):
    _need("fish")
    for typed, wanted in _TYPED.items():
        offered = _fish(manual, desk, typed)
        word = wanted.rpartition(" ")[2]
        assert offered == ([] if typed == wanted else [word]), typed


def test_bash_offers_exactly_the_commands_and_options_of_help(manual: Path, commands):
    for command in commands:
        for begin, wanted in (("-", command.options), ("", command.commands)):
            words = " ".join((*command.words, f"'{begin}'"))
            script = (
                f"source {manual}/bash/firstseen; cd /; COMP_WORDS=({words}); COMP_CWORD={len(command.words)}\n"
                '_firstseen 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
            )
            done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
            offered = set(done.stdout.split())
            assert offered == wanted or (begin == "" and not wanted), f"{command}: {offered ^ wanted}"


def test_fish_offers_exactly_the_commands_and_options_of_help(manual: Path, desk: Path, commands):
    _need("fish")
    for command in commands:
        offered = {word for word in _fish(manual, desk, f"{command} -") if word.startswith("-")}
        assert offered == command.options, str(command)
        if command.commands:
            assert set(_fish(manual, desk, f"{command} ")) == command.commands, str(command)


def _zsh_functions(manual: Path) -> dict[str, list[str]]:
    """The lines of each function of the zsh completion."""
    functions: dict[str, list[str]] = {}
    for line in (manual / "zsh/_firstseen").read_text().splitlines():
        if line.endswith("() {"):
            lines = functions.setdefault(line.removesuffix("() {"), [])
        elif functions:
            lines.append(line.strip())
    return functions


def test_zsh_knows_exactly_the_options_of_help(manual: Path, commands):
    functions = _zsh_functions(manual)
    for command in commands:
        specs = [line for line in functions["_" + "_".join(command.words)] if line.startswith(("'(-", "'*-"))]
        # '(-c --config)--config=[Configuration file]:FILE:_files'
        known = {spec.partition("[")[0].lstrip("'*").rpartition(")")[2].rstrip("=") for spec in specs}
        assert known == command.options, str(command)
