"""The queries of the dashboard and of the alerts, and the selectors in them."""

import json
import re
from typing import Any

import yaml
from deploy.rules import ALERTS, rules_of
from harness.paths import ROOT

DASHBOARD = ROOT / "deploy/grafana/firstseen.json"
_SELECTOR = re.compile(r"\b(firstseen_\w+|firstseen:[\w:]+|process_\w+|up)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_VARIABLES = {"$__rate_interval": "1m", "$namespace": ".*", "$job": ".*", "$instance": ".*"}


def dashboard() -> dict[str, Any]:
    return json.loads(DASHBOARD.read_text())


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def with_values(query: str) -> str:
    """A query of the dashboard as Grafana sends it, with everything chosen."""
    for variable, value in _VARIABLES.items():
        query = query.replace(variable, value)
    return query


def panel_queries() -> dict[str, str]:
    """By panel and query, as `Title A`."""
    return {
        f"{panel['title']} {target['refId']}": with_values(target["expr"])
        for panel in panels()
        for target in panel["targets"]
    }


def rule_queries() -> dict[str, str]:
    rules = rules_of(yaml.safe_load(ALERTS.read_text()))
    return {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules}


def selectors(query: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Every metric that a query names, with its matchers (label, operator, value)."""
    return [(metric, _MATCHER.findall(matchers)) for metric, matchers in _SELECTOR.findall(query)]
