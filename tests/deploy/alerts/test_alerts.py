"""The alert rules: each fires when it should and not when it should not."""

from pathlib import Path

import pytest
import yaml
from deploy.rules import ALERTS, CASES, alerts_of, cases_of, check_rules, run_unit_tests, unit_test
from harness.paths import ROOT

FILE = yaml.safe_load(ALERTS.read_text())
RULES = alerts_of(FILE)


def test_every_expression_and_template_parses():
    check_rules(ALERTS)


def test_every_alert_has_cases_that_fire_and_cases_that_do_not():
    assert set(CASES) == set(RULES)
    for name, both in CASES.items():
        assert both["fires"], name
        assert both["quiet"], name
        assert all("summary" in case for case in both["fires"]), name
        assert not any("summary" in case for case in both["quiet"]), name


def test_every_alert_is_in_the_table_for_people():
    listed = (ROOT / "deploy/README.md").read_text()
    for name, rule in RULES.items():
        assert f"| `{name}` | {rule['labels']['severity']} |" in listed, name


@pytest.mark.parametrize("name", RULES)
def test_fires_when_it_should_and_only_then(name: str, tmp_path: Path):
    run_unit_tests(FILE, name, [unit_test(RULES[name], case, {}) for case in cases_of(name)], tmp_path)
