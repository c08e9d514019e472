"""Alert rules as these tests see them: the rules by name, and promtool's verdict on cases."""

import subprocess
from pathlib import Path
from typing import Any

import yaml
from deploy.tools import promtool
from harness.paths import ROOT

ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
CASES = yaml.safe_load((Path(__file__).parent / "alerts/cases.yaml").read_text())


def rules_of(file: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in file["groups"] for rule in group["rules"]]


def alerts_of(file: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules_of(file) if "alert" in rule}


def check_rules(file: Path) -> None:
    """promtool parses every expression and template, and finds nothing to warn of."""
    command = [promtool(), "check", "rules", "--lint=all", "--lint-fatal", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def series(name: str, labels: dict[str, str]) -> str:
    """The series' name with those labels that it does not have itself."""
    metric, _, own = name.partition("{")
    parts = [own.removesuffix("}")] if own else []
    parts += [f'{label}="{value}"' for label, value in labels.items() if f"{label}=" not in own]
    return f"{metric}{{{','.join(parts)}}}"


def cases_of(name: str) -> list[dict[str, Any]]:
    return [case for kind in ("fires", "quiet") for case in CASES[name][kind]]


def unit_test(rule: dict[str, Any], case: dict[str, Any], common: dict[str, str]) -> dict[str, Any]:
    """A case as promtool wants it; `common` are labels of every series, and so of every alert."""
    expected = []
    if summary := case.get("summary"):
        labels = case.get("labels", {"job": "firstseen", "instance": "a"})
        if "absent(" in rule["expr"] and common:  # has the labels of its selector alone
            labels = {}
        texts = {"summary": summary, "description": case.get("description", rule["annotations"]["description"])}
        assert "{{" not in texts["description"], "the case must tell the description"
        expected = [{"exp_labels": {**labels, **common, **rule["labels"]}, "exp_annotations": texts}]
    ours = {"job": "firstseen", "instance": "a", **common}
    others = {**ours, "service": "other"} if common else ours
    named = {series(name, others if 'job="other"' in name else ours): case["series"][name] for name in case["series"]}
    return {
        "interval": case.get("interval", "1m"),
        "input_series": [{"series": name, "values": values} for name, values in named.items()],
        "alert_rule_test": [{"eval_time": case["at"], "alertname": rule["alert"], "exp_alerts": expected}],
    }


def check_query(query: str, series: dict[str, str], value: float, folder: Path, at: str = "1m") -> None:
    """The query gives one value, without labels, of series as promtool writes them."""
    asked = [{"expr": query, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}]
    named = [{"series": name, "values": values} for name, values in series.items()]
    file = folder / "query.test.yaml"
    file.write_text(yaml.safe_dump({"tests": [{"interval": "1m", "input_series": named, "promql_expr_test": asked}]}))
    done = subprocess.run([promtool(), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run_unit_tests(rules: dict[str, Any], name: str, tests: list[dict[str, Any]], folder: Path) -> None:
    """promtool's verdict on tests of one alert. All rules are evaluated for every minute: it gets only what counts."""
    alert = alerts_of(rules)[name]
    counting = [rule for rule in rules_of(rules) if rule is alert or rule.get("record", "no record") in alert["expr"]]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "counting", "rules": counting}]}))
    file = folder / "cases.test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run([promtool(), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
