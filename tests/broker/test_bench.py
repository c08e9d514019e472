"""Every benchmark runs, on small data: its table has rows, its outputs are exact. Nothing is said about how fast."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.paths import BUILD, ROOT

_BENCH = ROOT / "tests" / "bench"
_TIMEOUT_S = 600


def _quick(name: str, *arguments: str) -> list[dict]:
    """The benchmark's results."""
    program = "latency_probe" if name == "latency" else "fill_topic"
    if not (BUILD / "release" / program).is_file():
        pytest.skip(f"{program} is not built: ./dev build release {program}")
    done = subprocess.run(
        [sys.executable, str(_BENCH / f"{name}.py"), "--quick", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found if isinstance(found, list) else [found]


def _assert_whole(result: dict, rows: int) -> None:
    assert len(result["rows"]) == rows
    assert result["exact"] is True
    assert {"benchmark", "ratios", "machine", "versions", "date", "disturbed", "priority"} <= result.keys()


def test_e2e_compares_the_daemon_with_bare_loops():
    [result] = _quick("e2e")
    _assert_whole(result, rows=5)
    assert all(row["CPU_us/message"] > 0 and row["peak_MiB"] > 0 for row in result["rows"])


def test_e2e_judges_other_data():
    [result] = _quick("e2e", "--duplicates=50", "--repeats=far", "--value-bytes=1000", "--partitions=16")
    _assert_whole(result, rows=5)


def test_latency_measures_both_at_every_commit_interval():
    [result] = _quick("latency")
    _assert_whole(result, rows=4)
    assert all(0 < row["p50_ms"] <= row["p99_ms"] <= row["max_ms"] for row in result["rows"])


def test_profile_tells_where_the_time_goes():
    perf = ["perf", "record", "-q", "-e", "cpu-clock", "-o", "/dev/null", "true"]
    if shutil.which("perf") is None or subprocess.run(perf, capture_output=True, check=False).returncode != 0:
        pytest.skip("perf (Debian's linux-perf) is not there, or may not count here")
    [result] = _quick("profile")
    parts = {row["what_runs"] for row in result["rows"]}
    assert {"store", "keys", "librdkafka, its own threads", "digest (libcrypto)", "all"} <= parts
    assert sum(row.get("share", 0.0) for row in result["rows"]) == pytest.approx(1.0)


def test_peers_compares_with_kafka_streams_and_kills_both():
    if shutil.which("javac") is None:
        pytest.skip("there is no Java compiler (Debian's default-jdk-headless)")
    rates, recovery = _quick("peers")
    _assert_whole(rates, rows=5)
    _assert_whole(recovery, rows=2)


def test_scale_kills_the_members_of_a_group_in_turn():
    scale, idle = _quick("scale")
    _assert_whole(scale, rows=2)
    assert [row["kills_in_turn"] for row in scale["rows"]] == [1, 2]
    _assert_whole(idle, rows=4)


def test_http_answers_its_clients_while_the_stream_goes_on():
    [result] = _quick("http_cost")
    _assert_whole(result, rows=2)
    assert result["rows"][1]["requests/s"] > 0
    [answers] = [note for note in result["notes"] if note.startswith("answers")]
    assert "with status 200; 0 connections were closed without one" in answers


@pytest.mark.parametrize(("ratio", "reached"), [(1.02, True), (0.95, True), (0.949, False), (None, False)])
def test_clients_that_cost_the_stream_too_much_are_a_failure(ratio: float | None, reached: bool):
    sys.path.insert(0, str(_BENCH))
    import http_cost

    assert http_cost.reaches_goal(ratio) is reached


def test_a_store_that_does_not_fit_is_told_before_it_is_filled():
    sys.path.insert(0, str(_BENCH))
    import store

    assert store.stores("sizes", 20_000_000) == [20_000_000, 100_000_000, 300_000_000]
    assert store.stores("sizes", 100_000_000) == [100_000_000, 300_000_000], "no billion of keys"
    assert store.stores("sizes", 400_000_000) == [400_000_000], "unless it is asked for"
    assert store.stores("growth", 100_000_000) == [100_000_000], "one after the other"
    gib = 2**30
    assert store.shortage("sizes", 20_000_000, 9 * gib, 8 * gib) == ""
    lack = store.shortage("sizes", 20_000_000, 5 * gib, 4 * gib)
    assert lack == "420 million keys need 8.6 GB of disk, where 5.4 are free and 7.2 GB of memory, where 4.3 are free"


def test_every_scrape_adds_up_while_messages_come():
    [result] = _quick("scrape")
    _assert_whole(result, rows=1)
    assert result["rows"][0]["mismatches"] == 0 and result["rows"][0]["scrapes"] >= 2


_HISTOGRAM = """# TYPE h histogram
h_bucket{step="take",le="0.5"} 1
h_bucket{step="take",le="+Inf"} 2
h_sum{step="take"} 3.5
h_count{step="take"} 2
"""
_SCRAPE = f"""# TYPE firstseen_messages_consumed_total counter
firstseen_messages_consumed_total 1234567
# TYPE firstseen_messages_total counter
firstseen_messages_total{{verdict="first_seen"}} 1234560
firstseen_messages_total{{verdict="duplicate"}} 7
# TYPE firstseen_partitions gauge
firstseen_partitions{{mode="running"}} 4
{_HISTOGRAM}"""


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("consumed_total 1234567", "consumed_total 1234568", "is 1234567 in all"),
        ('first_seen"} 1234560\n', 'first_seen"} 1234559\n', "is 1234566 in all"),
        ('first_seen"} 1234560\n', 'first_seen"} 1234559\n', "fell from"),
        ('le="+Inf"} 2', 'le="+Inf"} 3', "its last bucket"),
        ('le="+Inf"} 2', 'le="9"} 2', "its last bucket"),
        ('h_count{step="take"} 2', 'h_count{step="take"} 3', "its last bucket"),
        ('le="0.5"} 1', 'le="0.5"} 3', "do not rise"),
        ('h_sum{step="take"} 3.5', 'h_sum{step="take"} 3.4', "fell from"),
        (_HISTOGRAM, "", "is gone"),
        (_SCRAPE, "", "there is no firstseen_messages_consumed_total"),
    ],
)
def test_a_scrape_that_does_not_add_up_is_told(before: str, after: str, fault: str):
    sys.path.insert(0, str(_BENCH))
    import metrics_text

    watch = metrics_text.Watch()
    assert watch.faults(_SCRAPE) == []
    assert watch.faults(_SCRAPE.replace('{mode="running"} 4', '{mode="running"} 3')) == []
    assert any(fault in found for found in watch.faults(_SCRAPE.replace(before, after)))


def test_a_machine_without_git_measures_a_commit_that_it_does_not_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    sys.path.insert(0, str(_BENCH))
    import machine

    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.commit() == "of an unknown commit"


def test_a_recorded_section_replaces_its_predecessor_and_nothing_else(tmp_path: Path):
    sys.path.insert(0, str(_BENCH))
    import results

    file = tmp_path / "RESULTS.md"

    def result(name: str, rate: float) -> dict:
        rows = [{"contestant": "a", "messages/s": rate}]
        return results.stamp({"benchmark": name, "rows": rows, "ratios": {}, "other_cores": 0.0})

    results.record(result("e2e", 1000.0), file)
    file.write_text(file.read_text() + "\n## The largest costs\n\nWritten by hand.\n")
    results.record(result("store", 7_000_000.0), file)
    results.record(result("e2e", 2000.0), file)
    text = file.read_text()
    assert text.startswith("# Measured") and text.endswith("Written by hand.\n")
    assert text.index("7,000,000") < text.index("2,000") and "1,000" not in text
    assert text.count("<!-- begin ") == text.count("<!-- end ") == 2
