"""Chromium without a window, over the two pipes of its DevTools protocol."""

import base64
import fcntl
import itertools
import json
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PHONE = 500
"""Up to this width it is one: the page's own idea of its width counts."""
_SEEN = """({
  verdict: document.querySelector('.verdict')?.textContent ?? '',
  width: document.documentElement.scrollWidth,
  hidden: Math.max(0, ...[...document.querySelectorAll('.wide')].map(each => each.scrollWidth - each.clientWidth)),
  height: document.documentElement.scrollHeight,
  scripts: document.scripts.length,
  background: getComputedStyle(document.body).backgroundColor,
})"""


@dataclass
class Look:
    """A page as it is shown."""

    verdict: str
    too_wide: int
    """Pixels by which it, or one of its tables, is wider than the window: one has to scroll sideways."""
    scripts: int
    background: str
    picture: bytes
    """All of it, as a PNG."""


class Browser:
    """Use as a context manager."""

    def __init__(self, program: Path, folder: Path) -> None:
        theirs_in, self._out = (self._high(end) for end in os.pipe())
        self._in, theirs_out = (self._high(end) for end in os.pipe())
        command = [str(program), "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"]
        command += ["--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", f"--user-data-dir={folder}"]
        # It reads from 3 and writes to 4.
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        log = (folder / "browser.log").open("wb")
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command, "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(theirs_in, theirs_out),
            start_new_session=True,
        )
        log.close()
        os.close(theirs_in)
        os.close(theirs_out)
        self._numbers = itertools.count(1)
        self._read = b""

    @staticmethod
    def _high(end: int) -> int:
        """The same with a number that is not 3 or 4."""
        moved = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
        os.close(end)
        return moved

    def _message(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._read:
            left = deadline - time.monotonic()
            if not select.select([self._in], [], [], max(left, 0.0))[0]:
                raise AssertionError("the browser does not answer")
            if not (piece := os.read(self._in, 1 << 20)):
                raise AssertionError("the browser has ended: see browser.log in its folder")
            self._read += piece
        message, self._read = self._read.split(b"\0", 1)
        return json.loads(message)

    def _call(self, method: str, session: str = "", timeout_s: float = 60.0, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        request: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self._out, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + timeout_s
        while (answer := self._message(deadline)).get("id") != number:
            pass
        assert "error" not in answer, f"{method}: {answer}"
        return answer["result"]

    def _load(self, session: str, url: str) -> None:
        done = self._call("Page.navigate", session, url=url)
        assert "errorText" not in done, f"{url}: {done['errorText']}"
        deadline = time.monotonic() + 60.0
        while self._evaluate(session, "document.readyState + location.href") != "complete" + url:
            assert time.monotonic() < deadline, f"{url} does not come"

    def _evaluate(self, session: str, expression: str) -> Any:
        return self._call("Runtime.evaluate", session, expression=expression, returnByValue=True)["result"].get("value")

    def look(self, url: str, width: int, height: int = 800, dark: bool = False) -> Look:
        """In a window of this size."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width <= _PHONE}
        self._call("Emulation.setDeviceMetricsOverride", session, **screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", session, features=[scheme])
        self._load(session, url)
        seen = self._evaluate(session, _SEEN)
        clip = {"x": 0, "y": 0, "width": width, "height": seen["height"], "scale": 1}
        shot = self._call("Page.captureScreenshot", session, format="png", captureBeyondViewport=True, clip=clip)
        self._call("Target.closeTarget", targetId=target)
        return Look(
            verdict=seen["verdict"],
            too_wide=max(seen["hidden"], seen["width"] - width),
            scripts=seen["scripts"],
            background=seen["background"],
            picture=base64.b64decode(shot["data"]),
        )

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)  # with the processes that it has started
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
