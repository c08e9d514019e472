#include "metrics/exposition.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "base/units.h"
#include "metrics/families.h"
#include "metrics/process.h"

namespace firstseen::metrics {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

void add_process(const Picture& picture, Families& all) {
  all.push_back(Family::gauge("firstseen_build_info", "Always 1; the versions are the labels")
                    .add(1, {{"version", FIRSTSEEN_VERSION}, {"librdkafka", rd_kafka_version_str()}})
                    .take());
  all.push_back(Family::gauge("firstseen_start_time_seconds", "When the process started, since the Unix epoch")
                    .add(seconds(picture.started_at_ms))
                    .take());
  all.push_back(Family::gauge("firstseen_ready", "1 while /readyz answers 200").add(picture.ready() ? 1 : 0).take());
  Family checks = Family::gauge("firstseen_check_ok", "1 while this check of /readyz holds");
  for (const Check& check : picture.checks) checks.add(check.ok ? 1 : 0, {{"check", check.name}});
  all.push_back(checks.take());
  all.push_back(Family::gauge("firstseen_last_step_age_seconds",
                              "Time since the loop's last step; it makes at least one a second")
                    .add(seconds(picture.step_age_ms))
                    .take());
  Family reloads =
      Family::counter("firstseen_config_reloads_total", "Reloads of the configuration by what came of them");
  constexpr std::array<std::string_view, 3> outcomes{"applied", "unchanged", "refused"};
  for (std::size_t i = 0; i < outcomes.size(); ++i) reloads.add(picture.reloads.at(i), {{"outcome", outcomes.at(i)}});
  all.push_back(reloads.take());
  Family certificate =
      Family::gauge("firstseen_http_certificate_expiry_timestamp_seconds",
                    "When the certificate of http.tls ends, since the Unix epoch (absent without TLS)");
  if (picture.certificate_until_ms) certificate.add(seconds(*picture.certificate_until_ms));
  all.push_back(certificate.take());
}

void add_state(const dedup::SlotStatus& status, Families& all) {
  constexpr std::array<std::string_view, 8> states{"starting", "joining",    "rebuilding", "running",
                                                   "paused",   "restarting", "stopping",   "stopped"};
  Family state = Family::gauge("firstseen_slot_state", "1 for the state that the slot is in");
  for (const std::string_view name : states) state.add(status.state == name ? 1 : 0, {{"state", name}});
  all.push_back(state.take());
  Family since =
      Family::gauge("firstseen_paused_since_seconds",
                    "When a person asked for the pause that lasts, since the Unix epoch (absent without one)");
  if (status.pause) since.add(seconds(status.pause->since_ms));
  all.push_back(since.take());
}

void add_messages(const dedup::Counters& counters, Families& all) {
  all.push_back(Family::counter("firstseen_messages_consumed_total", "Messages of settled batches")
                    .add(counters.consumed)
                    .take());
  // Late messages are first-seen ones for which less is proved: the loop counts them as both.
  all.push_back(Family::counter("firstseen_messages_total",
                                "Messages of settled batches by what became of them; their "
                                "sum is firstseen_messages_consumed_total")
                    .add(counters.first_seen - counters.late, {{"verdict", "first_seen"}})
                    .add(counters.duplicates, {{"verdict", "duplicate"}})
                    .add(counters.rejected, {{"verdict", "rejected"}})
                    .add(counters.passed, {{"verdict", "passed"}})
                    .add(counters.late, {{"verdict", "late"}})
                    .take());
  all.push_back(Family::counter("firstseen_consumed_bytes_total", "Keys and values of the messages consumed")
                    .add(counters.consumed_bytes)
                    .take());
  all.push_back(Family::counter("firstseen_published_bytes_total",
                                "Keys and values of the messages published, to the output and to side topics")
                    .add(counters.published_bytes)
                    .take());
  Family reasons = Family::counter("firstseen_messages_rejected_total", "Rejected messages by reason");
  for (const auto& [reason, count] : counters.rejected_by_reason) reasons.add(count, {{"reason", reason}});
  all.push_back(reasons.take());
  all.push_back(Family::counter("firstseen_duplicates_cross_partition_total",
                                "Duplicates whose first message came from another partition")
                    .add(counters.cross_partition)
                    .take());
  all.push_back(Family::counter("firstseen_timestamps_clipped_total",
                                "Messages ahead of the wall clock by more than window.max_skew")
                    .add(counters.clipped_timestamps)
                    .take());
  all.push_back(Family::counter("firstseen_timestamps_uncarried_total",
                                "Messages published with a timestamp that the client cannot carry")
                    .add(counters.uncarried_timestamps)
                    .take());
  all.push_back(Family::counter("firstseen_messages_rebuilt_total",
                                "Messages of the history that were read again; not among those consumed")
                    .add(counters.rebuilt)
                    .take());
}

void add_events(const dedup::Counters& counters, Families& all) {
  all.push_back(Family::counter("firstseen_batches_total", "Batches by outcome")
                    .add(counters.batches_committed, {{"outcome", "committed"}})
                    .add(counters.batches_aborted, {{"outcome", "aborted"}})
                    .take());
  all.push_back(Family::counter("firstseen_rebalances_total", "Assignments and revocations by the group")
                    .add(counters.rebalances)
                    .take());
  all.push_back(Family::counter("firstseen_restarts_total",
                                "Restarts of the slot with new clients, after a fatal error "
                                "or an unknown outcome")
                    .add(counters.restarts)
                    .take());
}

void add_measures(const dedup::Measures& measures, Families& all) {
  Family steps = Family::histogram("firstseen_step_duration_seconds",
                                   "What settled batches have spent on each step, one observation per batch");
  for (std::size_t i = 0; i < measures.steps.size(); ++i) {
    steps.add(measures.steps[i], {{"step", dedup::batch_step_names[i]}});
  }
  all.push_back(steps.take());
  all.push_back(Family::histogram("firstseen_latency_seconds",
                                  "From a message's timestamp to the commit of its batch, one observation per message")
                    .add(measures.latency)
                    .take());
}

void add_window(const dedup::SlotStatus& status, Families& all) {
  Family window = Family::gauge("firstseen_window_seconds",
                                "How far back a key is known: as configured, as the store covers it for the partition "
                                "with the least, and the same without those partitions of which nothing is covered "
                                "until a message comes, unless all are such (absent while none is assigned)");
  window.add(seconds(status.configured_window_ms), {{"kind", "configured"}});
  if (status.effective_window_ms >= 0) window.add(seconds(status.effective_window_ms), {{"kind", "effective"}});
  if (status.begun_window_ms >= 0) window.add(seconds(status.begun_window_ms), {{"kind", "begun"}});
  all.push_back(window.take());
}

/// With rules: one log for each ttl. Two logs can come to have one ttl when it is changed, so both are in the labels.
void add_rule_windows(const dedup::SlotStatus& status, Families& all) {
  if (status.windows.empty()) return;
  Family window = Family::gauge("firstseen_rules_window_seconds",
                                "With key.rules: how far back the keys of one ttl are known, as configured and as the "
                                "store covers it (absent while no partition is assigned)");
  Family entries = Family::gauge("firstseen_rules_window_entries", "With key.rules: keys in the store, by ttl");
  Family evicted = Family::counter("firstseen_rules_window_evicted_entries_total",
                                   "With key.rules: entries that went early because the store had reached its size");
  for (std::size_t i = 0; i < status.windows.size() && i < status.store.logs.size(); ++i) {
    const dedup::WindowStatus& one = status.windows[i];
    const std::string ttl = format_duration(Millis{one.configured_ms});
    const std::string log = std::to_string(i);
    window.add(seconds(one.configured_ms), {{"window", ttl}, {"log", log}, {"kind", "configured"}});
    if (one.effective_ms >= 0) {
      window.add(seconds(one.effective_ms), {{"window", ttl}, {"log", log}, {"kind", "effective"}});
    }
    entries.add(status.store.logs[i].live_entries, {{"window", ttl}, {"log", log}});
    evicted.add(status.store.logs[i].evicted_entries, {{"window", ttl}, {"log", log}});
  }
  all.push_back(window.take());
  all.push_back(entries.take());
  all.push_back(evicted.take());
}

void add_store(const store::Stats& stats, Families& all) {
  const auto gauge = [&](const char* name, const char* help, std::uint64_t value) {
    all.push_back(Family::gauge(name, help).add(value).take());
  };
  gauge("firstseen_store_entries", "Keys in the store", stats.live_entries);
  gauge("firstseen_store_records", "Batch records in the store", stats.live_records);
  gauge("firstseen_store_used_bytes", "Bytes of the store in use", stats.used_bytes);
  gauge("firstseen_store_file_bytes", "Size of the store's file", stats.file_bytes);
  gauge("firstseen_store_max_bytes", "store.max_size", stats.max_size_bytes);
  gauge("firstseen_store_map_bytes", "The size that the store's file can reach", stats.map_bytes);
  gauge("firstseen_store_index_bytes", "Memory of the store's index", stats.index_bytes);
  Family free = Family::gauge("firstseen_store_disk_free_bytes",
                              "Free space on the file system of the store (absent while not known)");
  if (stats.disk_free_bytes >= 0) free.add(stats.disk_free_bytes);
  all.push_back(free.take());
  Family oldest = Family::gauge("firstseen_store_oldest_entry_time_seconds",
                                "Stream time of the oldest entry, since the Unix epoch (absent while there is none)");
  if (stats.oldest_time_ms >= 0) oldest.add(seconds(stats.oldest_time_ms));
  all.push_back(oldest.take());
  all.push_back(Family::counter("firstseen_store_expired_entries_total", "Entries that left the window")
                    .add(stats.expired_entries)
                    .take());
  all.push_back(Family::counter("firstseen_store_evicted_entries_total",
                                "Entries that went early because the store had reached its size")
                    .add(stats.evicted_entries)
                    .take());
  all.push_back(Family::histogram("firstseen_store_flush_duration_seconds",
                                  "Commits of the store that waited for the disk (store.durability power_loss)")
                    .add(stats.flushes)
                    .take());
  all.push_back(Family::counter("firstseen_store_false_positives_total",
                                "Lookups that the index led to the entry of another key, which was then seen")
                    .add(stats.false_positives)
                    .take());
}

void add_clients(const Picture& picture, Families& all) {
  Family latency = Family::gauge("firstseen_kafka_request_latency_seconds",
                                 "Time of the brokers' answers in librdkafka's last interval: mean of all, 99th "
                                 "percentile of the slowest broker (absent when none was asked)");
  Family messages = Family::gauge("firstseen_kafka_queue_messages",
                                  "Messages in the client: fetched and not taken, or published and not acknowledged");
  Family bytes = Family::gauge("firstseen_kafka_queue_bytes", "The same in bytes");
  Family brokers = Family::gauge("firstseen_kafka_connections", "Connections of the client that are up");
  Family lost = Family::counter("firstseen_kafka_request_timeouts_total", "Requests that no broker answered in time");
  constexpr double us_per_second = 1e6;
  for (const auto& client : picture.clients) {
    if (!client) continue;
    const bool consumes = client->side == kafka::ClientFigures::Side::consumer;
    const Label side{"client", consumes ? "consumer" : "producer"};
    if (client->mean_latency_us >= 0) {
      latency.add(static_cast<double>(client->mean_latency_us) / us_per_second, {side, {"stat", "mean"}});
      latency.add(static_cast<double>(client->p99_latency_us) / us_per_second, {side, {"stat", "p99"}});
    }
    messages.add(client->queued_messages, {side});
    bytes.add(client->queued_bytes, {side});
    brokers.add(client->brokers_up, {side});
    lost.add(client->timed_out_requests, {side});
  }
  for (Family* family : {&latency, &messages, &bytes, &brokers, &lost}) all.push_back(family->take());
}

void add_modes(std::span<const dedup::PartitionStatus> partitions, Families& all) {
  const auto count = [&](dedup::PartitionMode mode) {
    return std::ranges::count(partitions, mode, [](const dedup::PartitionStatus& one) { return one.mode; });
  };
  all.push_back(Family::gauge("firstseen_partitions", "Assigned partitions by mode")
                    .add(count(dedup::PartitionMode::running), {{"mode", "running"}})
                    .add(count(dedup::PartitionMode::rebuilding), {{"mode", "rebuilding"}})
                    .add(count(dedup::PartitionMode::stopped), {{"mode", "stopped"}})
                    .take());
}

void add_partitions(std::span<const dedup::PartitionStatus> partitions, Families& all) {
  add_modes(partitions, all);
  Family lag = Family::gauge("firstseen_partition_lag_messages",
                             "Offsets between what is processed and the end of the log as it was last told (absent "
                             "while not known)");
  Family behind = Family::gauge("firstseen_partition_lag_seconds",
                                "While messages wait, the age of the last settled one, or the time since the end was "
                                "left if that is shorter; 0 at the end (absent while not known)");
  Family next = Family::gauge("firstseen_partition_next_offset", "The first offset that is not processed");
  Family time = Family::gauge("firstseen_partition_stream_time_seconds",
                              "Highest timestamp seen, since the Unix epoch (absent before the first message)");
  const auto shown = partitions.first(std::min(partitions.size(), max_partitions_shown));
  for (const dedup::PartitionStatus& partition : shown) {
    const std::string number = std::to_string(partition.tp.partition);
    const Labels labels{{"topic", partition.tp.topic}, {"partition", number}};
    if (partition.lag >= 0) lag.add(partition.lag, labels);
    if (partition.lag_ms >= 0) behind.add(seconds(partition.lag_ms), labels);
    next.add(partition.next_offset, labels);
    if (partition.stream_time_ms >= 0) time.add(seconds(partition.stream_time_ms), labels);
  }
  for (Family* family : {&lag, &behind, &next, &time}) all.push_back(family->take());
  all.push_back(Family::gauge("firstseen_partitions_not_shown", "Assigned partitions without series of their own")
                    .add(partitions.size() - shown.size())
                    .take());
}

}  // namespace

std::vector<prometheus::MetricFamily> families_of(const Picture& picture) {
  const dedup::SlotStatus& status = *picture.status;
  Families all;
  add_process(picture, all);
  add_state(status, all);
  add_messages(status.counters, all);
  add_events(status.counters, all);
  add_measures(status.measures, all);
  add_window(status, all);
  add_rule_windows(status, all);
  add_store(status.store, all);
  add_clients(picture, all);
  add_partitions(status.partitions, all);
  std::ranges::move(process_families(), std::back_inserter(all));
  // A family without samples would be a name with nothing to say.
  std::erase_if(all, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  return all;
}

std::string exposition(const Picture& picture) { return to_text(families_of(picture)); }

}  // namespace firstseen::metrics
