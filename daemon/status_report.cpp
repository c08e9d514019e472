#include "status_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/one_line.h"
#include "base/units.h"
#include "forecast.h"
#include "picture_json.h"
#include "plan/words.h"
#include "status_tables.h"

namespace firstseen {

std::string_view mode_name(dedup::PartitionMode mode) {
  switch (mode) {
    case dedup::PartitionMode::running:
      return "running";
    case dedup::PartitionMode::rebuilding:
      return "rebuilding";
    case dedup::PartitionMode::stopped:
      break;
  }
  return "stopped";
}

namespace {

constexpr std::size_t screen_lines = 40;           ///< of a terminal's window that a person keeps open
constexpr std::size_t most_partition_lines = 10;   ///< partitions and the reasons of those that stand still
constexpr std::size_t fewest_partition_lines = 3;  ///< whatever else is told
constexpr std::size_t around_partitions = 3;       ///< the table's head, an empty line, how many more there are

Json counters_to_json(const dedup::Counters& counters) {
  return {{"consumed", counters.consumed},
          {"first_seen", counters.first_seen},
          {"duplicates", counters.duplicates},
          {"rejected", counters.rejected},
          {"passed", counters.passed},
          {"late", counters.late},
          {"cross_partition", counters.cross_partition},
          {"clipped_timestamps", counters.clipped_timestamps},
          {"uncarried_timestamps", counters.uncarried_timestamps},
          {"rebuilt", counters.rebuilt},
          {"rejected_by_reason", counters.rejected_by_reason},
          {"batches_committed", counters.batches_committed},
          {"batches_aborted", counters.batches_aborted},
          {"restarts", counters.restarts},
          {"rebalances", counters.rebalances}};
}

Json partition_to_json(const dedup::PartitionStatus& partition) {
  return {{"topic", partition.tp.topic},
          {"partition", partition.tp.partition},
          {"mode", mode_name(partition.mode)},
          {"waits", partition.waits},
          {"reason", partition.reason},
          {"next_offset", partition.next_offset},
          {"stream_time_ms", partition.stream_time_ms},
          {"covered_from_ms", partition.covered_from_ms},
          {"at_end", partition.at_end},
          {"lag", partition.lag},
          {"lag_ms", partition.lag_ms}};
}

Json forecast_to_json(const std::optional<Forecast>& forecast) {
  if (!forecast) return nullptr;
  return {{"keys_per_s", forecast->keys_per_s},
          {"full_window_bytes", plan::whole(forecast->full_window_bytes)},
          {"full_in_ms", forecast->full_in_ms ? Json(*forecast->full_in_ms) : Json()},
          {"beyond_disk", forecast->beyond_disk},
          {"text", to_words(*forecast)}};
}

Json store_to_json(const dedup::SlotStatus& status, const History& history) {
  const store::Stats& stats = status.store;
  return {
      {"live_entries", stats.live_entries},       {"index_bytes", stats.index_bytes},
      {"used_bytes", stats.used_bytes},           {"file_bytes", stats.file_bytes},
      {"max_size_bytes", stats.max_size_bytes},   {"disk_free_bytes", stats.disk_free_bytes},
      {"oldest_time_ms", stats.oldest_time_ms},   {"expired_entries", stats.expired_entries},
      {"evicted_entries", stats.evicted_entries}, {"forecast", forecast_to_json(forecast_of(status, history.samples))}};
}

/// Of what was measured, in seconds.
Json histogram_to_json(const Histogram& histogram) {
  const auto at_most = [&](double share) {
    const auto bound = histogram.bound_of(share);
    return bound ? Json(*bound) : Json();
  };
  return {{"count", histogram.count()},
          {"sum", histogram.sum()},
          {"p50_at_most", at_most(0.5)},
          {"p99_at_most", at_most(0.99)}};
}

Json steps_to_json(const dedup::Measures& measures) {
  Json steps = Json::object();
  for (std::size_t i = 0; i < measures.steps.size(); ++i) {
    steps[std::string(dedup::batch_step_names[i])] = histogram_to_json(measures.steps[i]);
  }
  return steps;
}

/// Null unless a person has asked for it.
Json pause_to_json(const std::optional<dedup::Pause>& pause) {
  if (!pause) return {};
  return {{"by", pause->by}, {"since_ms", pause->since_ms}, {"drained", pause->drained}};
}

/// Null before there is one.
Json configuration_to_json(const ShownConfiguration& configuration) {
  if (configuration.file.empty()) return {};
  return {{"file", configuration.file},
          {"fingerprint", fingerprint(configuration.text)},
          {"loaded_at_ms", configuration.loaded_at_ms},
          {"text", configuration.text}};
}

Json events_to_json(const std::vector<Event>& events) {
  Json list = Json::array();
  for (const Event& event : events) {
    const bool error = event.level == LogLevel::error;
    list.push_back({{"time_ms", event.time_ms}, {"level", error ? "error" : "warning"}, {"text", event.text}});
  }
  return list;
}

bool is_stopped(const Json& partition) { return partition.value("mode", "") == "stopped"; }

std::size_t stopped_partitions(const Json& status) {
  return static_cast<std::size_t>(std::ranges::count_if(status.value("partitions", Json::array()), is_stopped));
}

/// "1 of 4 partitions stopped, 2 of 4 partitions waiting"
std::string standing_text(const Json& status) {
  const Json partitions = status.value("partitions", Json::array());
  std::string text;
  for (const std::string word : {"stopped", "waiting"}) {
    const auto count = std::ranges::count(partitions, word, mode_text);
    if (count == 0) continue;
    text += fmt::format("{}{} of {} {}", text.empty() ? "" : ", ", count,
                        format_counted(partitions.size(), "partition"), word);
  }
  return text;
}

/// Whether a check, which /readyz and the table below tell, too, holds.
bool holds(const Json& status, const char* name) {
  return std::ranges::any_of(status.value("checks", Json::array()), [&](const Json& check) {
    return check.value("name", "") == name && check.value("ok", false);
  });
}

/// What is in it is told by the slot, which is there once a broker has answered.
std::string store_text(const Json& status) {
  const Json store = status.value("store", Json::object());
  const auto most = store.value("max_size_bytes", std::uint64_t{0});
  if (most == 0) return holds(status, "store") ? "open, not in use yet" : "not open yet";
  const auto used = store.value("used_bytes", std::uint64_t{0});
  const Json forecast = store.value("forecast", Json());
  return fmt::format("{}, {:.1f} % of {}{}", format_counted(store.value("live_entries", std::uint64_t{0}), "key"),
                     static_cast<double>(used) * 100 / static_cast<double>(most), format_size(most),
                     forecast.is_object() ? "; " + forecast.value("text", "") : "");
}

/// Between the last two samples, ten seconds or so.
std::string rates_text(const Json& rates) {
  const auto number = [&](const char* name) {
    const Json value = rates.value(name, Json());
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
  };
  const auto messages = number("messages_per_s");
  if (!messages) return "not known yet";
  std::string text = fmt::format("{:.0f} messages/s", *messages);
  if (const auto share = number("duplicates_percent")) text += fmt::format(", {:.1f} % duplicates", *share);
  if (const auto latency = number("latency_ms")) text += ", latency " + latency_text(*latency);
  return text;
}

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

std::string summary(const Json& status) {
  const std::int64_t configured = status.value("configured_window_ms", std::int64_t{-1});
  const std::int64_t effective = status.value("effective_window_ms", std::int64_t{-1});
  std::vector<std::pair<std::string, std::string>> fields{
      {"verdict", on_one_line(verdict_headline(status))},
      {"state", status_headline(status)},
      {"now", rates_text(status.value("rates", Json::object()))},
      {"window", fmt::format("{} configured, {} covered", window_text(configured), window_text(effective))},
      {"store", store_text(status)},
      {"daemon", fmt::format("firstseen {}, running since {}", status.value("version", "?"),
                             format_time(status.value("started_at_ms", std::int64_t{-1})))},
  };
  if (const Json pause = status.value("paused", Json()); pause.is_object()) {
    fields.emplace_back("paused", fmt::format("since {} by {}", format_time(pause.value("since_ms", std::int64_t{-1})),
                                              pause.value("by", "")));
  }
  if (const Json loaded = status.value("configuration", Json()); loaded.is_object()) {
    fields.emplace_back("configuration", fmt::format("{}, loaded {}", loaded.value("fingerprint", ""),
                                                     format_time(loaded.value("loaded_at_ms", std::int64_t{-1}))));
  }
  return format_fields(fields);
}

std::string checks_text(const Json& checks) {
  if (checks.empty()) return {};
  Table table({"check", "is", "since", "why"});
  for (const Json& check : checks) {
    table.row({check.value("name", ""), check.value("ok", false) ? "ok" : "failed",
               format_time(check.value("since_ms", std::int64_t{-1})), check.value("detail", "")});
  }
  return "\n" + table.text();
}

std::string clients_text(const Json& clients) {
  if (clients.empty()) return {};
  Table table({"client", "connections", "queue", "bytes in it", "mean answer", "timeouts"});
  const auto count = [](const Json& client, const char* name) {
    return format_count(client.value(name, std::uint64_t{0}));
  };
  for (const Json& client : clients) {
    const Json latency = client.value("mean_latency_us", Json());
    table.row({client.value("client", ""), count(client, "connections"), count(client, "queued_messages"),
               count(client, "queued_bytes"), latency.is_number() ? latency_text(latency.get<double>() / 1000) : "-",
               count(client, "timed_out_requests")});
  }
  return "\n" + table.text();
}

/// With rules: one for each ttl.
Json windows_to_json(const dedup::SlotStatus& status) {
  Json windows = Json::array();
  for (std::size_t i = 0; i < status.windows.size() && i < status.store.logs.size(); ++i) {
    const store::LogStats& log = status.store.logs[i];
    windows.push_back({{"rules", log.windows},
                       {"configured_ms", status.windows[i].configured_ms},
                       {"effective_ms", status.windows[i].effective_ms},
                       {"entries", log.live_entries},
                       {"expired_entries", log.expired_entries},
                       {"evicted_entries", log.evicted_entries}});
  }
  return windows;
}

}  // namespace

std::string status_headline(const Json& status) {
  std::string detail = status.value("detail", "");
  if (const std::string standing = standing_text(status); !standing.empty()) {
    detail = standing + (detail.empty() ? "" : "; ") + detail;
  }
  return status.value("state", "") + (detail.empty() ? "" : ": " + detail);
}

std::string latency_text(double ms) { return ms < 1000 ? fmt::format("{:.3g} ms", ms) : plan::about_time(ms / 1000); }

std::string verdict_headline(const Json& status) {
  const Json verdict = status.value("verdict", Json::object());
  return verdict.value("word", "") + ": " + verdict.value("reason", "");
}

Json status_to_json(const Picture& picture, const History& history) {
  const dedup::SlotStatus& status = *picture.status;
  Json partitions = Json::array();
  for (const auto& partition : status.partitions) partitions.push_back(partition_to_json(partition));
  Json json = {
      {"state", status.state},
      {"detail", status.detail},
      {"paused", pause_to_json(status.pause)},
      {"configured_window_ms", status.configured_window_ms},
      {"effective_window_ms", status.effective_window_ms},
      {"windows", windows_to_json(status)},
      {"counters", counters_to_json(status.counters)},
      {"bytes", {{"consumed", status.counters.consumed_bytes}, {"published", status.counters.published_bytes}}},
      {"latency", histogram_to_json(status.measures.latency)},
      {"steps", steps_to_json(status.measures)},
      {"store", store_to_json(status, history)},
      {"partitions", std::move(partitions)},
      {"events", events_to_json(history.events)},
      {"version", FIRSTSEEN_VERSION},
      {"configuration", configuration_to_json(*picture.configuration)}};
  add_daemon(picture, json);
  add_course(history.samples, json);
  return json;
}

std::string status_to_text(const Json& status) {
  const std::string head = summary(status) + checks_text(status.value("checks", Json::array())) +
                           windows_text(status.value("windows", Json::array())) + "\n" +
                           counters_text(status.value("counters", Json::object())) + "\n";
  const std::string clients = clients_text(status.value("kafka", Json::array()));
  const std::size_t taken = lines(head) + lines(clients);
  const std::size_t left = screen_lines - std::min(screen_lines, taken + around_partitions);
  return head + partitions_text(status, std::clamp(left, fewest_partition_lines, most_partition_lines)) + clients;
}

Exit health_of(const Json& status) {
  // A daemon of an earlier build, not restarted since an upgrade, tells its state alone.
  const bool serves = status.contains("ready") ? status.value("alive", false) && status.value("ready", false)
                                               : status.value("state", "") == "running";
  return serves && stopped_partitions(status) == 0 ? Exit::ok : Exit::try_again;
}

}  // namespace firstseen
