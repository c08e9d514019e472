"""Writes the Grafana dashboard (firstseen.json) from the panels below: each a title, a unit and its queries.
With --check it writes nothing and fails if the file is out of date."""

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "helm/firstseen/files/dashboard.json"
OURS = 'job=~"$job", namespace=~"$namespace", instance=~"$instance"'
COLUMNS = 24


@dataclass
class Panel:
    title: str
    queries: dict[str, str]
    """Legend to PromQL, in which @ stands for the selectors of the dashboard's variables."""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    about: str = ""
    stacked: bool = False
    at_most: float | None = None
    """Upper end of the axis."""
    steps: dict[float, str] = field(default_factory=dict)
    """From this value on, this colour; with 0, the colour from the start."""
    words: dict[str, str] = field(default_factory=dict)
    """What is shown for a value."""


@dataclass
class Row:
    title: str
    panels: list[Panel]


GOOD_ABOVE = {0: "red", 1: "green"}
BAD_ABOVE = {0: "green", 1: "red"}
FULL = {0: "green", 0.8: "orange", 0.95: "red"}
READY = "min(firstseen_ready{@} or 0 * last_over_time(firstseen_ready{@}[15m]))"
DUPLICATE_SHARE = (
    'sum(rate(firstseen_messages_total{@, verdict="duplicate"}[$__rate_interval]))'
    " / sum(rate(firstseen_messages_consumed_total{@}[$__rate_interval]))"
)
BACKLOG = (
    "sum without (topic, partition) (firstseen_partition_lag_messages{@})"
    " / rate(firstseen_messages_consumed_total{@}[$__rate_interval])"
)
COVERED_BY_TTL = (
    'firstseen_rules_window_seconds{@, kind="effective"}'
    ' / ignoring (kind) firstseen_rules_window_seconds{@, kind="configured"}'
)
EVICTED_BY_TTL = "rate(firstseen_rules_window_evicted_entries_total{@}[$__rate_interval])"


def mean(histogram: str, by: str = "") -> str:
    """Of the observations of late."""
    sums = [f"sum{by} (rate({histogram}_{part}{{@}}[$__rate_interval]))" for part in ("sum", "count")]
    return " / ".join(sums)


def quantile(share: float, histogram: str, by: str = "le") -> str:
    return f"histogram_quantile({share}, sum by ({by}) (rate({histogram}_bucket{{@}}[$__rate_interval])))"


ROWS = [
    Row("At a glance", [
        Panel("Ready", {"": READY}, kind="stat", width=4, steps=GOOD_ABOVE, words={"0": "not ready", "1": "ready"},
              about="1 while /readyz of every instance answers 200. One that was there within the last 15 min, and is"
                    " not now, counts as not ready."),
        Panel("Instances", {"": "count(firstseen_build_info{@})"}, kind="stat", width=4),
        Panel("Stopped partitions", {"": 'sum(firstseen_partitions{@, mode="stopped"})'}, kind="stat", width=4,
              steps=BAD_ABOVE, about="They wait for a person, or for a leader, an output topic or a right: "
                                     "firstseen status names the reason."),
        Panel("Lag", {"": "sum(firstseen_partition_lag_messages{@})"}, kind="stat", width=4),
        Panel("Window covered", {"": 'min(firstseen_window_seconds{@, kind="effective"}'
                                     ' / ignoring (kind) firstseen_window_seconds{@, kind="configured"})'},
              unit="percentunit", kind="stat", width=4, steps={0: "red", 0.95: "green"},
              about="How far back keys are known, of what is configured. It fills after the first start."),
        Panel("Store filled", {"": "max(firstseen_store_used_bytes{@} / firstseen_store_max_bytes{@})"},
              unit="percentunit", kind="stat", width=4, steps=FULL),
    ]),
    Row("Messages", [
        Panel("Messages by verdict",
              {"{{verdict}}": "sum by (verdict) (rate(firstseen_messages_total{@}[$__rate_interval]))"},
              unit="cps", width=12, stacked=True, about="The sum is what is consumed."),
        Panel("Share of duplicates", {"share": DUPLICATE_SHARE}, unit="percentunit", width=6, at_most=1),
        Panel("Rejected by reason",
              {"{{reason}}": "sum by (reason) (rate(firstseen_messages_rejected_total{@}[$__rate_interval]))"},
              unit="cps", width=6, stacked=True),
        Panel("Batches",
              {"{{outcome}}": "sum by (outcome) (rate(firstseen_batches_total{@}[$__rate_interval]))"}, unit="cps"),
        Panel("Messages per batch",
              {"{{instance}}": "rate(firstseen_messages_consumed_total{@}[$__rate_interval]) / ignoring (outcome)"
                               ' rate(firstseen_batches_total{@, outcome="committed"}[$__rate_interval])'}),
        Panel("Oddities",
              {"ahead of the clock": "sum(rate(firstseen_timestamps_clipped_total{@}[$__rate_interval]))",
               "timestamp not carried": "sum(rate(firstseen_timestamps_uncarried_total{@}[$__rate_interval]))",
               "duplicate of another partition":
                   "sum(rate(firstseen_duplicates_cross_partition_total{@}[$__rate_interval]))"}, unit="cps"),
    ]),
    Row("Time and bytes", [
        Panel("Latency from timestamp to commit",
              {"half within": quantile(0.5, "firstseen_latency_seconds"),
               "99 % within": quantile(0.99, "firstseen_latency_seconds"),
               "mean": mean("firstseen_latency_seconds")},
              unit="s", width=12, about="Of every message consumed, by the clock of the daemon's machine."),
        Panel("A batch's time by step, mean",
              {"{{step}}": mean("firstseen_step_duration_seconds", " by (step)")}, unit="s", width=12, stacked=True,
              about="take waits for messages; publish, prepare and commit overlap with the next batch's other steps."),
        Panel("A batch's steps, 99 % within",
              {"{{step}}": quantile(0.99, "firstseen_step_duration_seconds", "le, step")}, unit="s", width=12),
        Panel("Bytes", {"consumed": "sum(rate(firstseen_consumed_bytes_total{@}[$__rate_interval]))",
                        "published": "sum(rate(firstseen_published_bytes_total{@}[$__rate_interval]))"},
              unit="Bps", width=12, about="Keys and values, without headers and compression."),
    ]),
    Row("Lag", [
        Panel("Lag by partition (the 20 largest)",
              {"{{topic}}[{{partition}}]": "topk(20, firstseen_partition_lag_messages{@})"}, width=12),
        Panel("Lag in time (the 20 largest)",
              {"{{topic}}[{{partition}}]": "topk(20, firstseen_partition_lag_seconds{@})"}, unit="s", width=12,
              about="Age of the last settled message while more of them wait."),
        Panel("Backlog at the present rate", {"{{instance}}": BACKLOG}, unit="s", width=6,
              about="How long the lag takes at the rate of now."),
        Panel("Behind the clock", {"{{instance}}": "time() - min without (topic, partition)"
                                                   " (firstseen_partition_stream_time_seconds{@})"},
              unit="s", width=6, about="Age of the oldest partition's newest message; grows without messages, too."),
        Panel("Messages read again for their history",
              {"{{instance}}": "rate(firstseen_messages_rebuilt_total{@}[$__rate_interval])"}, unit="cps"),
        Panel("Partitions", {"{{mode}}": "sum by (mode) (firstseen_partitions{@})",
                             "without series": "sum(firstseen_partitions_not_shown{@})"}, stacked=True),
        Panel("Progress by partition (the 20 fastest)",
              {"{{topic}}[{{partition}}]": "topk(20, deriv(firstseen_partition_next_offset{@}[$__rate_interval]))"},
              unit="ops"),
    ]),
    Row("Window and store", [
        Panel("Window", {"{{kind}}": "min by (kind) (firstseen_window_seconds{@})"}, unit="s",
              about="begun leaves out partitions that came without history and have brought no message since."),
        Panel("Age of the oldest entry",
              {"{{instance}}": "time() - firstseen_store_oldest_entry_time_seconds{@}"}, unit="s"),
        Panel("Keys leaving the store",
              {"expired": "sum(rate(firstseen_store_expired_entries_total{@}[$__rate_interval]))",
               "evicted before their time": "sum(rate(firstseen_store_evicted_entries_total{@}[$__rate_interval]))"},
              unit="cps"),
        Panel("Store on disk", {"used by {{instance}}": "firstseen_store_used_bytes{@}",
                                "file of {{instance}}": "firstseen_store_file_bytes{@}",
                                "bound of {{instance}}": "firstseen_store_max_bytes{@}",
                                "largest file of {{instance}}": "firstseen_store_map_bytes{@}"}, unit="bytes"),
        Panel("Free on the disk", {"{{instance}}": "firstseen_store_disk_free_bytes{@}"}, unit="bytes"),
        Panel("Waiting for the disk",
              {"mean": mean("firstseen_store_flush_duration_seconds"),
               "99 % within": quantile(0.99, "firstseen_store_flush_duration_seconds")}, unit="s",
              about="A commit of the store with store.durability power_loss."),
        Panel("Keys and records", {"keys of {{instance}}": "firstseen_store_entries{@}",
                                   "records of {{instance}}": "firstseen_store_records{@}"}),
        Panel("Memory", {"resident of {{instance}}": "process_resident_memory_bytes{@}",
                         "index of {{instance}}": "firstseen_store_index_bytes{@}"}, unit="bytes",
              about="Resident memory includes pages of the store that the kernel takes back when it needs them."),
        Panel("Lookups that met another key first",
              {"{{instance}}": "rate(firstseen_store_false_positives_total{@}[$__rate_interval])"}, unit="ops",
              about="Some for 10,000 lookups are normal; the comparison that follows never errs."),
    ]),
    Row("Kafka, as librdkafka tells it", [
        Panel("Answers of the brokers",
              {"{{client}} of {{instance}}, {{stat}}": "firstseen_kafka_request_latency_seconds{@}"}, unit="s",
              about="A consumer without messages waits half a second at the broker: that is no trouble."),
        Panel("Messages in the client", {"{{client}} of {{instance}}": "firstseen_kafka_queue_messages{@}"},
              about="Fetched and not taken, or published and not acknowledged."),
        Panel("Bytes in the client", {"{{client}} of {{instance}}": "firstseen_kafka_queue_bytes{@}"}, unit="bytes"),
        Panel("Connections", {"{{client}} of {{instance}}": "firstseen_kafka_connections{@}"}, width=12),
        Panel("Requests that timed out",
              {"{{client}} of {{instance}}": "rate(firstseen_kafka_request_timeouts_total{@}[$__rate_interval])"},
              unit="ops", width=12),
    ]),
    Row("Windows of key.rules (empty without rules)", [
        Panel("Window by ttl", {"{{window}}, {{kind}} (log {{log}})":
                                "min by (window, log, kind) (firstseen_rules_window_seconds{@})"}, unit="s", width=6,
              about="Each ttl has a log of its own, so that a short window never waits for a long one."),
        Panel("Window covered by ttl", {"{{window}} (log {{log}})": f"min by (window, log) ({COVERED_BY_TTL})"},
              unit="percentunit", width=6, at_most=1, about="Of what is configured. It fills after the first start."),
        Panel("Keys by ttl", {"{{window}} (log {{log}})": "sum by (window, log) (firstseen_rules_window_entries{@})"},
              width=6, stacked=True),
        Panel("Keys evicted before their time, by ttl",
              {"{{window}} (log {{log}})": f"sum by (window, log) ({EVICTED_BY_TTL})"},
              unit="cps", width=6, about="The store has reached its size: raise store.max_size."),
    ]),
    Row("Process", [
        Panel("State", {"{{instance}}: {{state}}": "firstseen_slot_state{@} == 1"}, kind="state-timeline",
              words={"1": "yes"}),
        Panel("Checks of /readyz", {"{{instance}}: {{check}}": "firstseen_check_ok{@}"}, kind="state-timeline",
              steps=GOOD_ABOVE, words={"0": "failed", "1": "ok"}),
        Panel("Age of the loop's last step", {"{{instance}}": "firstseen_last_step_age_seconds{@}"}, unit="s",
              about="More than 60 s: /livez fails."),
        Panel("Rebalances and restarts",
              {"rebalances of {{instance}}": "increase(firstseen_rebalances_total{@}[$__rate_interval])",
               "new clients of {{instance}}": "increase(firstseen_restarts_total{@}[$__rate_interval])"}),
        Panel("Reloads of the configuration",
              {"{{outcome}} {{instance}}": "increase(firstseen_config_reloads_total{@}[$__rate_interval])"}),
        Panel("Uptime", {"{{instance}}": "time() - firstseen_start_time_seconds{@}"}, unit="s"),
        Panel("Processors", {"{{instance}}": "rate(process_cpu_seconds_total{@}[$__rate_interval])"},
              about="How many of them it keeps busy."),
        Panel("Open files and connections", {"of {{instance}}": "process_open_fds{@}",
                                             "bound of {{instance}}": "process_max_fds{@}"}),
        Panel("Versions", {"{{version}}, librdkafka {{librdkafka}}":
                           "count by (version, librdkafka) (firstseen_build_info{@})"}),
    ]),
]  # fmt: skip


def thresholds(panel: Panel) -> dict[str, Any]:
    steps = panel.steps or {0: "green"}
    return {
        "mode": "absolute",
        "steps": [{"color": color, "value": value or None} for value, color in sorted(steps.items())],
    }


def defaults(panel: Panel) -> dict[str, Any]:
    made: dict[str, Any] = {"unit": panel.unit, "min": 0, "thresholds": thresholds(panel)}
    made["color"] = {"mode": "thresholds" if panel.kind != "timeseries" else "palette-classic"}
    if panel.at_most is not None:
        made["max"] = panel.at_most
    if panel.words:
        made["mappings"] = [{"type": "value", "options": {key: {"text": word} for key, word in panel.words.items()}}]
    if panel.kind == "timeseries":
        made["custom"] = {
            "fillOpacity": 30 if panel.stacked else 5,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none"},
        }
    return made


OPTIONS: dict[str, dict[str, Any]] = {
    "stat": {"colorMode": "background", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}},
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    "state-timeline": {"showValue": "auto", "mergeValues": True},
}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel_json(panel: Panel, number: int, x: int, y: int, height: int) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + index),
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": query.replace("@", OURS),
            "legendFormat": legend or "__auto",
            "instant": panel.kind == "stat",
            "range": panel.kind != "stat",
        }
        for index, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": height},
        "fieldConfig": {"defaults": defaults(panel), "overrides": []},
        "options": OPTIONS[panel.kind],
        "targets": targets,
    }


def panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    y = 0
    for row in ROWS:
        heading = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        made.append({"id": len(made) + 1, "type": "row", "title": row.title, "collapsed": False, "panels": [],
                     "gridPos": heading})  # fmt: skip
        x, y = 0, y + 1
        height = 4 if row.panels[0].kind == "stat" else 8
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y = 0, y + height
            made.append(panel_json(panel, len(made) + 1, x, y, height))
            x += panel.width
        y += height
    return made


def variable(name: str, label: str, of: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": of, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",  # also where there is no such label
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def dashboard() -> dict[str, Any]:
    variables = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        variable("namespace", "Namespace", "label_values(firstseen_build_info, namespace)"),
        variable("job", "Job", 'label_values(firstseen_build_info{namespace=~"$namespace"}, job)'),
        variable(
            "instance", "Instance", 'label_values(firstseen_build_info{namespace=~"$namespace", job=~"$job"}, instance)'
        ),
    ]
    return {
        "uid": "firstseen",
        "title": "firstseen",
        "description": "Deduplication of Kafka topics: health, messages, lag, window and store.",
        "tags": ["firstseen", "kafka"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": variables},
        "annotations": {"list": []},
        "links": [],
        "panels": panels(),
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing; exit status 1 if it would change")
    check = arguments.parse_args().check
    made = json.dumps(dashboard(), indent=1) + "\n"
    if FILE.is_file() and FILE.read_text() == made:
        return 0
    if check:
        print(f"{FILE} is out of date: run deploy/grafana/{Path(__file__).name}")
        return 1
    FILE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
