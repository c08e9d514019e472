"""A man page per command, made from what --help is made of."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.paths import firstseen_binary


def _page(manual: Path, words: tuple[str, ...]) -> Path:
    return manual / "man" / ("-".join(words) + ".1")


def _text(page: Path) -> str:
    done = subprocess.run(["mandoc", "-T", "utf8", page], capture_output=True, text=True, check=True)
    return re.sub(r".\x08", "", done.stdout)  # bold and underlined by overstriking


def test_every_command_has_a_page_and_no_other_page_is_there(manual: Path, commands):
    wanted = {_page(manual, command.words).name for command in commands}
    assert {page.name for page in (manual / "man").iterdir()} == wanted


def test_every_option_stands_in_its_page(manual: Path, commands):
    for command in commands:
        section = re.search(r"\nOPTIONS\n(.*?)(?=\n[A-Z]|\Z)", _text(_page(manual, command.words)), re.DOTALL)
        tags = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", section[1])) if section else set()
        assert command.options <= tags, f"{command}: {command.options - tags}"


def test_every_page_leads_to_the_commands_below(manual: Path, commands):
    for command in commands:
        text = _text(_page(manual, command.words))
        for name in command.commands:
            assert "-".join((*command.words, name)) + "(1)" in text, f"{command}: {name}"


def test_mandoc_has_nothing_to_say_of_the_pages(manual: Path):
    pages = sorted((manual / "man").iterdir())
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *pages], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_apropos_finds_every_page_by_its_summary(manual: Path):
    if not shutil.which("lexgrog"):
        pytest.skip("no lexgrog: it comes with man-db")
    for page in (manual / "man").iterdir():
        done = subprocess.run(["lexgrog", page], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{page.stem} - " in done.stdout


def test_the_pages_have_the_date_of_their_source(tmp_path: Path):
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "86400"}
    subprocess.run([firstseen_binary(), "manual", tmp_path], check=True, env=environment)
    assert "1970-01-02" in _page(tmp_path, ("firstseen",)).read_text().splitlines()[0]
