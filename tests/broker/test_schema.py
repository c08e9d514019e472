"""config's JSON Schema, as an editor applies it. No broker is needed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.paths import ROOT
from jsonschema import Draft202012Validator

_CONFIG = ROOT / "config"
_FILES = [_CONFIG / "firstseen.yaml", *sorted((_CONFIG / "examples").glob("*.yaml"))]


def _problems(configuration: dict[str, Any]) -> list[str]:
    schema = json.loads((_CONFIG / "firstseen.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return [f"{one.json_path}: {one.message}" for one in Draft202012Validator(schema).iter_errors(configuration)]


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_the_schema_takes_the_files_that_are_shipped(file: Path):
    assert _problems(yaml.safe_load(file.read_text())) == []


@pytest.mark.parametrize(
    ("section", "option", "wrong"),
    [
        ("window", "tll", "24h"),
        ("window", "ttl", "24 hours"),
        ("window", "ttl", 24),
        ("store", "max_size", "64GB/s"),
        ("delivery", "commit_interval", "100"),
        ("delivery", "guarantee", "at_most_once"),
        ("rejects", "route", "ignore"),
        ("delivery", "max_batch", 0),
    ],
)
def test_the_schema_refuses_a_wrong_option_alone(section: str, option: str, wrong: str | int):
    configuration = yaml.safe_load((_CONFIG / "firstseen.yaml").read_text())
    configuration[section][option] = wrong
    problems = _problems(configuration)
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"$.{section}"), problems
    assert option in problems[0], problems


def test_the_schema_refuses_an_unknown_section():
    configuration = yaml.safe_load((_CONFIG / "firstseen.yaml").read_text())
    problems = _problems({**configuration, "widnow": {}})
    assert len(problems) == 1, problems
    assert "widnow" in problems[0]
