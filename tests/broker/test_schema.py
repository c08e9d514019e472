"""config's JSON Schema, as an editor applies it. No broker is needed."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.paths import ROOT, firstseen_binary
from harness.process import run
from jsonschema import Draft202012Validator

_CONFIG = ROOT / "config"
_FILES = [_CONFIG / "firstseen.yaml", *sorted((_CONFIG / "examples").glob("*.yaml"))]


def _schema() -> dict[str, Any]:
    schema = json.loads((_CONFIG / "firstseen.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return schema


def _problems(configuration: dict[str, Any]) -> list[str]:
    schema = _schema()
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


def _options(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every section and option, those of rules too, with its path."""
    for name, below in schema.get("properties", {}).items():
        yield f"{path}{name}", below
        yield from _options(below, f"{path}{name}.")
        yield from _options(below.get("items", {}), f"{path}{name}[].")


def test_every_default_fits_its_own_schema():
    defaults = {path: option for path, option in _options(_schema()) if "default" in option}
    assert {"kafka.brokers", "key.rules[].include_user", "delivery.max_batch", "window.ttl"} <= defaults.keys()
    for path, option in defaults.items():
        assert not list(Draft202012Validator(option).iter_errors(option["default"])), path


_FIELDS = {"fields": ["record_key"]}
_TAKEN = [
    {"kafka": None, "window": None, "http": {"tls": None}, "key": {**_FIELDS, "context": None}},
    {"kafka": {"properties": None}},
    {"kafka": {"properties": {"linger.ms": 5, "client.id": "me", "enable.ssl.certificate.verification": False}}},
    {"kafka": {"brokers": ["a:1,b:2", 7]}},
    {"input": {"topics": [2024, True], "group": 7}, "run": {"instance": 7}},
    {"key": {"fields": [{"part": "record_key", "on_missing": "${FIRSTSEEN_SCHEMA_TEST}"}]}},
    {"key": {"rules": [{"name": 7, "when": None, "fields": ["record_key"]}]}},
]
_REFUSED = [
    {"input": None},
    {"input": {"topics": [""], "group": "g"}},
    {"input": {"topics": [None], "group": "g"}},
    {"kafka": {"brokers": []}},
    {"kafka": {"properties": {"linger.ms": None}}},
    {"run": {"instance": None}},
    {"key": {"rules": [None]}},
    {"key": {"fields": [{"part": "record_key", "on_missing": "ignore"}]}},
]


@pytest.mark.parametrize("sections", [*_TAKEN, *_REFUSED], ids=json.dumps)
def test_the_schema_and_the_program_agree(sections: dict[str, Any], tmp_path: Path):
    required = {"input": {"topics": ["orders"], "group": "g"}, "output": {"topic": "unique"}, "key": _FIELDS}
    configuration = {**required, **sections}
    file = tmp_path / "firstseen.yaml"
    file.write_text(yaml.safe_dump(configuration))
    done = run([str(firstseen_binary()), "validate", str(file)], {**os.environ, "FIRSTSEEN_SCHEMA_TEST": "as_null"})
    problems = _problems(configuration)
    if sections in _TAKEN:
        assert (done.returncode, problems) == (0, []), done.stderr
    else:
        assert done.returncode == 78, done.stderr
        assert problems
