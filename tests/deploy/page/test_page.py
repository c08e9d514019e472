"""The page /status in a browser, in each state that it has to tell apart."""

import pytest
from deploy.browser import Browser
from deploy.states import Scene, State
from harness.paths import BUILD

_PICTURES = BUILD / "pictures"


@pytest.mark.parametrize("width", [1280, 390])
def test_says_in_one_word_how_things_are_and_nobody_scrolls_sideways(
    name: str, state: State, scene: Scene, browser: Browser, width: int
):
    look = browser.look(f"http://{scene.server.address}/status", width)
    _PICTURES.mkdir(parents=True, exist_ok=True)
    (_PICTURES / f"{name}-{width}.png").write_bytes(look.picture)
    assert look.verdict == state.word
    assert look.too_wide == 0
    assert look.scripts == 0


def test_is_dark_where_the_system_is(scene: Scene, browser: Browser):
    page = f"http://{scene.server.address}/status"
    assert browser.look(page, 1280).background != browser.look(page, 1280, dark=True).background
