"""Writes the pictures in deploy/pictures/ and their table in deploy/README.md: /status in each state, on a screen and
on a phone, and `firstseen top`. Needs Chromium and build/release/firstseen; run it with build/venv/bin/python."""

import html
import multiprocessing
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import termios
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pytest
from deploy.browser import Browser
from deploy.states import STATES, Scene, State
from deploy.tools import chromium
from harness.paths import ROOT, firstseen_binary

_README = ROOT / "deploy/README.md"
_PICTURES = ROOT / "deploy/pictures"
_BEGIN = "<!-- pictures: made by tests/deploy/page/pictures.py -->\n"
_END = "<!-- end of pictures -->\n"
_WIDTHS = (1280, 390)
_ROWS, _COLUMNS = 30, 110
_COLORS = {"1": "font-weight:bold", "1;32": "color:#5fd08f", "1;33": "color:#f0b94d", "1;31": "color:#ff8a80"}
_TERMINAL = "<body style='margin:0;background:#14181c;color:#e6e9ec'><pre style='font:14px monospace;padding:1em'>"


def _frame(scene: Scene) -> str:
    """The third frame of `firstseen top` on a terminal, which has rates."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (_ROWS, _COLUMNS))
    command = [str(firstseen_binary()), "top", "--store", str(scene.daemon.store_path), "--interval", "1s"]
    shown = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    seen, deadline = "", time.monotonic() + 30
    try:
        while seen.count("\x1b[J") < 3:
            if not select.select([ours], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"top shows nothing: {seen!r}")
            seen += os.read(ours, 65536).decode(errors="replace")
    finally:
        shown.kill()
        shown.wait()
        os.close(ours)
    return seen.split("\x1b[J")[2].partition("\x1b[H")[2]


def _as_html(frame: str) -> str:
    text = html.escape(frame.replace("\r\n", "\n").replace("\x1b[K", ""))
    text = re.sub(r"\x1b\[([\d;]+)m", lambda code: f"<span style='{_COLORS.get(code[1], '')}'>", text)
    return _TERMINAL + text.replace("<span style=''>", "</span>") + "</pre></body>"


def _look_at(scene: Scene, name: str, state: State, browser: Browser, folder: Path) -> None:
    for width in _WIDTHS:
        look = browser.look(f"http://{scene.server.address}/status", width)
        assert look.verdict == state.word, f"{name}: the page says {look.verdict}"
        (_PICTURES / f"{name}-{width}.png").write_bytes(look.picture)
    if name == "catching-up":
        page = folder / "top.html"
        page.write_text(_as_html(_frame(scene)))
        (_PICTURES / "top.png").write_bytes(browser.look(page.as_uri(), 1000, height=400).picture)


def _take(name: str, program: Path, folder: Path) -> None:
    """In a process of its own: a daemon does not outlive the thread that has started it, and a browser serves one."""
    state, own = STATES[name], folder / f"browser-{name}"
    own.mkdir()
    with state.enter(folder / name, True) as scene, Browser(program, own) as browser:
        _look_at(scene, name, state, browser, folder)
    print(f"{name}: done", file=sys.stderr)


def _take_all(program: Path, folder: Path) -> None:
    """Side by side: each state mostly waits for its charts."""
    with ProcessPoolExecutor(len(STATES), multiprocessing.get_context("spawn")) as beside:
        for taken in [beside.submit(_take, name, program, folder) for name in STATES]:
            taken.result()


def _table() -> str:
    rows = [f"| {name}: {state.word} | {' | '.join(_cell(name, width) for width in _WIDTHS)} |"
            for name, state in STATES.items()]  # fmt: skip
    head = ["| state | on a screen | on a phone |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", "![firstseen top](pictures/top.png)"]) + "\n"


def _cell(name: str, width: int) -> str:
    return f'<img src="pictures/{name}-{width}.png" width="{width // 3}" alt="/status: {name}">'


def main() -> int:
    _PICTURES.mkdir(exist_ok=True)
    try:
        program = chromium()
    except pytest.skip.Exception as missing:
        print(missing, file=sys.stderr)
        return 1
    # What the browser starts may write for a moment longer.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        _take_all(program, Path(made))
    before, rest = _README.read_text().split(_BEGIN)
    _README.write_text(before + _BEGIN + _table() + _END + rest.split(_END)[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
