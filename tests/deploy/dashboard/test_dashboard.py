"""The Grafana dashboard and the alerts against a daemon that runs: whatever they ask for is there."""

import itertools
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from deploy.expressions import dashboard, panel_queries, panels, rule_queries, selectors
from deploy.rules import check_query, check_rules
from deploy.tools import promtool
from harness.paths import ROOT
from harness.poll import wait_until

_QUERIES = {"dashboard": panel_queries, "alerts": rule_queries}
# Labels that Prometheus gives to a target, and what it knows of the target itself.
_FROM_PROMETHEUS = {"job", "instance", "namespace", "service"}
_SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? \S+$")


def exported(metrics: str) -> list[tuple[str, dict[str, str]]]:
    """Name and labels of every series of /metrics."""
    found = [_SERIES.match(line) for line in metrics.splitlines() if not line.startswith("#")]
    return [(series[1], dict(re.findall(r'(\w+)="([^"]*)"', series[2] or ""))) for series in found if series]


def test_the_file_is_what_its_script_makes():
    script = ROOT / "deploy/grafana/generate.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_expression_parses(tmp_path: Path):
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(panel_queries().values())]
    file = tmp_path / "dashboard.rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    check_rules(file)


def test_the_window_covered_is_the_smallest_share_of_an_instance(tmp_path: Path):
    windows = {"a": {"configured": 864000, "effective": 864000}, "b": {"configured": 300, "effective": 297}}
    series = {
        f'firstseen_window_seconds{{job="firstseen",instance="{instance}",kind="{kind}"}}': f"{seconds}x3"
        for instance, kinds in windows.items()
        for kind, seconds in kinds.items()
    }
    check_query(panel_queries()["Window covered A"], series, 0.99, tmp_path)


@pytest.mark.parametrize(
    ("of_b", "ready"), [("1x30", 1), ("1x10 0+0x20", 0), ("1x10 stale _x20", 0), ("1x4 stale _x30", 1)]
)
def test_ready_are_all_instances_and_one_that_is_down_is_not_for_a_quarter_of_an_hour(
    of_b: str, ready: int, tmp_path: Path
):
    series = {
        f'firstseen_ready{{job="firstseen",instance="{instance}"}}': values
        for instance, values in {"a": "1x30", "b": of_b}.items()
    }
    check_query(panel_queries()["Ready A"], series, ready, tmp_path, at="20m")


def test_panels_have_places_and_numbers_of_their_own():
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_every_query_goes_to_the_chosen_source_and_obeys_the_variables():
    for panel in panels():
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}", panel["title"]
            for metric, matchers in selectors(target["expr"]):
                chosen = {(label, value) for label, _, value in matchers}
                needed = {(label, f"${label}") for label in ("job", "namespace", "instance")}
                assert needed <= chosen, f"{panel['title']}: {metric}"


def _alternatives(matchers: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    """What they select: {check=~"broker|store"} is two."""
    values = [value.split("|") if operator == "=~" else [value] for _, operator, value in matchers]
    return [dict(zip([label for label, _, _ in matchers], each, strict=True)) for each in itertools.product(*values)]


@pytest.mark.parametrize("of", _QUERIES)
def test_every_metric_and_every_label_exists(of: str, daemon, paused):
    there = exported(daemon.get("/metrics")) + exported(paused.get("/metrics"))
    for name, query in _QUERIES[of]().items():
        named = selectors(query)
        assert named, f"{name} names no metric"
        for metric, matchers in named:
            if metric == "up" or ":" in metric:  # Prometheus' own, and what the rules record
                continue
            own = [matcher for matcher in matchers if matcher[0] not in _FROM_PROMETHEUS]
            for part in _alternatives(own):
                assert any(series == metric and part.items() <= labels.items() for series, labels in there), (
                    f"{name}: the daemon has no {metric} with {part}"
                )


@pytest.mark.parametrize("whose", ["daemon", "paused"])
def test_promtool_finds_nothing_wrong_with_the_metrics(whose: str, request: pytest.FixtureRequest):
    """Neither with their format nor with their names and units."""
    page = request.getfixturevalue(whose).get("/metrics")
    assert page
    done = subprocess.run([promtool(), "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_metric_is_used_by_the_dashboard(daemon):
    used = {metric for query in panel_queries().values() for metric, _ in selectors(query)}
    there = {series for series, _ in exported(daemon.get("/metrics"))}
    assert there - used == set()


def test_every_query_shows_something(watcher, stream):
    stream.write()

    def without_data() -> list[str]:
        return [
            name
            for name, query in panel_queries().items()
            if not any(math.isfinite(float(series["value"][1])) for series in watcher.query(query))
        ]

    try:
        wait_until(lambda: not without_data(), "every panel has data", timeout_s=30, every_s=0.5)
    except AssertionError:
        pytest.fail(f"no data: {without_data()}")
