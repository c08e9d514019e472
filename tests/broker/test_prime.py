"""`store prime`: a store that is filled from the input's history before the first run."""

import json

import pytest
from harness.lab import Lab

_NOW_MS = 1_700_000_000_000


def _prime(lab: Lab, until: str) -> int:
    """The messages that were read."""
    daemon = lab.daemon()
    done = daemon.command("store", "prime", "--until", until, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["messages"]


@pytest.mark.parametrize("until", ["committed", "time"])
def test_what_was_primed_is_published_no_more_and_the_rest_once(lab: Lab, until: str):
    """The deduplicator before this one published the first five messages and left its offsets behind."""
    lab.topics()
    for number, ident in enumerate("abcdeabxyx"):
        lab.send(ident, timestamp_ms=_NOW_MS + number)
    lab.admin.set_committed(lab.group, lab.input, {0: 5})
    assert _prime(lab, "committed" if until == "committed" else str(_NOW_MS + 5)) == 5
    lab.daemon().start()
    lab.drained()
    published = [json.loads(record.value)["id"] for record in lab.published()]
    assert published == ["x", "y"]


def test_a_time_after_the_last_message_means_the_end(lab: Lab):
    lab.topics()
    lab.send("a", "b", timestamp_ms=_NOW_MS)
    assert _prime(lab, str(_NOW_MS + 1)) == 2


def test_a_time_before_the_first_message_means_nothing(lab: Lab):
    lab.topics()
    lab.send("a", "b", timestamp_ms=_NOW_MS)
    assert _prime(lab, str(_NOW_MS)) == 0


def test_without_committed_offsets_nothing_is_read_up_to_them(lab: Lab):
    lab.topics()
    lab.send("a", "b")
    assert _prime(lab, "committed") == 0
