"""A pod that the chart lets in is not killed for memory when its store is full."""

import math
import re
from collections.abc import Mapping

import pytest
from deploy.charts import template
from harness.paths import ROOT

MIB = 1 << 20
_HEADER = (ROOT / "daemon/plan/figures.h").read_text()


def _figure(name: str, unit: str = "") -> float:
    """As the header has it, which `firstseen plan` computes with."""
    (value,) = re.findall(rf"inline constexpr [\w:]+ {name} = ([\d.e]+){re.escape(unit)};", _HEADER)
    return float(value)


def _needed(max_size_mib: int, prefetch_mib: int = 64) -> int:
    """MiB, as plan_memory() of daemon/plan/plan.cpp computes them."""
    keys = max_size_mib * MIB / _figure("disk_bytes_per_key")
    small = _figure("small_index_bytes") if keys < _figure("large_index") else 0
    index = keys * _figure("index_bytes_per_key_growing") + small
    return math.ceil(index / MIB + _figure("most_beside_index_bytes", "ULL << 20U") + max(0, prefetch_mib - 64))


def _complaint(max_size: str, memory: str, options: Mapping[str, str] | None = None) -> str:
    values = {
        "config.store.max_size": max_size,
        "resources.limits.memory": memory,
        "persistence.size": "64Ti",
        **(options or {}),
    }
    return template("minimal", *(word for name in values for word in ("--set", f"{name}={values[name]}"))).stderr


@pytest.mark.parametrize("max_size_mib", [16, 250, 1024, 16 * 1024, 1024 * 1024])
def test_a_full_store_has_the_memory_that_its_growing_index_takes(max_size_mib: int):
    needed = _needed(max_size_mib)
    assert _complaint(f"{max_size_mib}MiB", f"{needed}Mi") == ""
    assert f"set resources.limits.memory to {needed}Mi at least" in _complaint(f"{max_size_mib}MiB", f"{needed - 1}Mi")


def test_a_larger_prefetch_needs_its_memory_too():
    prefetch = {"config.kafka.prefetch_bytes": "512MiB"}
    needed = _needed(1024, prefetch_mib=512)
    assert _complaint("1GiB", f"{needed}Mi", prefetch) == ""
    assert f"to {needed}Mi at least" in _complaint("1GiB", f"{needed - 1}Mi", prefetch)


def test_the_store_that_the_message_allows_is_taken():
    found = re.search(r"config.store.max_size to (\d+MiB) at most", _complaint("100GiB", "8Gi"))
    assert found
    assert _complaint(found[1], "8Gi") == ""


@pytest.mark.parametrize(("max_size", "memory"), [("16MiB", "272Mi"), ("1GiB", "1280Mi"), ("1TiB", "1048832Mi")])
def test_the_size_of_the_store_and_256_mebibytes_are_enough_as_the_values_say(max_size: str, memory: str):
    assert _complaint(max_size, memory) == ""


@pytest.mark.parametrize("memory", ["2147483648", "2097152Ki", "2.0Gi", "2147484k", "2.147483648e9"])
def test_a_limit_is_understood_however_kubernetes_lets_it_be_written(memory: str):
    assert _complaint("1GiB", memory) == ""
    assert f"resources.limits.memory {memory} is too small" in _complaint("16GiB", memory)


@pytest.mark.parametrize(("max_size", "memory"), [("16GiB", "null"), ("${MAX_SIZE}", "2Gi")])
def test_who_sets_no_limit_or_a_size_that_is_not_known_here_is_not_checked(max_size: str, memory: str):
    assert _complaint(max_size, memory) == ""
