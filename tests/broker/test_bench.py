"""Every benchmark runs, on small data: its table has rows, its outputs are exact. Nothing is said about how fast."""

import json
import shutil
import subprocess
import sys
import tempfile
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
    assert any("meet a full queue now and then" in note for note in result["notes"]), "why the plain loops are slower"


def test_e2e_judges_other_data():
    [result] = _quick("e2e", "--duplicates=50", "--repeats=far", "--value-bytes=1000", "--partitions=16")
    _assert_whole(result, rows=5)


def test_the_matrix_of_e2e_varies_every_axis_by_itself():
    sys.path.insert(0, str(_BENCH))
    import e2e
    from dataset import DataSet

    base = DataSet(messages=1_000_000)
    cases = e2e.cases(base)
    assert cases[0] == base and len(set(cases)) == len(cases)
    for axis, values in (
        ("duplicates", {0, 2, 10, 50}),
        ("repeats", {"near", "far"}),
        ("value_bytes", {100, 200, 1000, 10_000}),
        ("partitions", {1, 4, 64}),
    ):
        assert {getattr(case, axis) for case in cases} == values, axis
    changed = [
        [
            axis
            for axis in ("duplicates", "repeats", "value_bytes", "partitions")
            if getattr(case, axis) != getattr(base, axis)
        ]
        for case in cases[1:]
    ]
    assert all(len(axes) == 1 for axes in changed)


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


def test_profile_says_of_every_group_what_it_does():
    sys.path.insert(0, str(_BENCH))
    import profile_parts

    assert sorted(profile_parts.groups()) == sorted(profile_parts.MEANING)
    assert all(profile_parts.MEANING.values())
    samples = """rdk:broker1  7f01 LZ4_compress_fast_continue (/usr/lib/x86_64-linux-gnu/liblz4.so.1.9.4)
slot-0  5501 firstseen::dedup::Session::take(firstseen::Chunk&) (/usr/bin/firstseen)
slot-0  5502 firstseen::kafka::MessageBatch::clear() (/usr/bin/firstseen)
slot-0  7f02 [unknown] (/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30)
"""
    found = profile_parts.parts_of(samples)
    assert found == {"compression": 1, "loop": 1, "Kafka client's wrapper": 1, "other": 1}
    assert found.keys() <= profile_parts.MEANING.keys()


def test_another_build_is_run_with_its_environment_and_without_a_section_that_it_may_not_know(tmp_path: Path):
    sys.path.insert(0, str(_BENCH))
    from contestants import Firstseen, Job

    before = Firstseen(path="/before/firstseen", environment={"MALLOC_ARENA_MAX": "1"}, http=None)
    command = before.command(Job("127.0.0.1:9092", tmp_path, "in", "out", 4))
    assert command[:-1] == ["env", "MALLOC_ARENA_MAX=1", "/before/firstseen", "run", "--config"]
    assert "http" not in json.loads(Path(command[-1]).read_text())
    assert len({before, Firstseen()}) == 2, "it can be a key of a dictionary"


def test_defaults_compares_firstseen_with_itself_with_one_setting_changed():
    chosen = ["linger.ms=0", "output.compression", "MALLOC_ARENA_MAX=1"]
    [result] = _quick("defaults", "--only", *chosen)
    compression = [f"output.compression={codec}" for codec in ("none", "zstd", "snappy")]
    _assert_whole(result, rows=7)
    names = [row["contestant"] for row in result["rows"]]
    assert names == ["as shipped", chosen[0], *compression, chosen[2], "as shipped, again"]
    assert all(row["CPU_us/message"] > 0 and row["peak_/_shipped"] > 0 for row in result["rows"])


def test_every_variant_of_the_defaults_changes_one_setting_to_a_value_that_firstseen_takes():
    if not (BUILD / "release" / "firstseen").is_file():
        pytest.skip("firstseen is not built: ./dev build")
    sys.path.insert(0, str(_BENCH))
    import defaults
    from contestants import Job

    def options(command: list[str]) -> dict:
        made = json.loads(Path(command[-1]).read_text())
        return {(section, name): value for section in made for name, value in made[section].items() if name != "path"}

    # pytest's own directories are too long for a socket's address.
    with tempfile.TemporaryDirectory() as directory:

        def job(name: str) -> Job:
            return Job("127.0.0.1:9092", Path(directory) / name, "in", "out", 4)

        shipped = options(defaults.SHIPPED.command(job("shipped")))
        for variant in defaults.variants():
            command = variant.command(job(variant.name))
            changed = [option for option, value in options(command).items() if value != shipped.get(option)]
            assert len(changed) + len(variant.environment) == 1 and len(variant.properties) <= 1, variant.name
            validated = [*command[:-3], "validate", *command[-2:]]
            done = subprocess.run(validated, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
            assert done.returncode == 0, f"{variant.name}: {done.stderr}"


def test_defaults_names_its_variants_to_whoever_asks_for_another():
    sys.path.insert(0, str(_BENCH))
    import defaults

    variants = [variant.name for variant in defaults.variants()]
    lingers = [name for name in variants if name.startswith("linger.ms=")]
    another = variants[-1]
    assert len(lingers) > 1 and another not in lingers
    assert [variant.name for variant in defaults.named(["linger.ms", another])] == [*lingers, another]
    with pytest.raises(ValueError, match=rf"no variant linger\.ms=7; there are: .*{another}"):
        defaults.named(["linger.ms", "linger.ms=7"])


def test_peers_compares_with_kafka_streams_and_kills_both():
    if shutil.which("javac") is None:
        pytest.skip("there is no Java compiler (Debian's default-jdk-headless)")
    rates, recovery = _quick("peers")
    _assert_whole(rates, rows=5)
    _assert_whole(recovery, rows=2)
    told = "\n".join(rates["notes"])
    assert all(words in told for words in ("page cache", "no file backs", "JVM's default heap"))


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
