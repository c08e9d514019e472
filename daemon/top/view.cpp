#include "top/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "plan/words.h"
#include "status_report.h"
#include "status_tables.h"

namespace firstseen::top {
namespace {

constexpr std::size_t fewest_partitions = 3;  // whatever the events take
constexpr std::size_t most_events = 5;

std::string rate_text(std::optional<double> rate) {
  if (!rate) return "-";
  return *rate < 9.95 && *rate > 0 ? fmt::format("{:.1f}", *rate)
                                   : format_count(static_cast<std::uint64_t>(std::llround(*rate)));
}

double mib(const Json& store, const char* member) {
  return static_cast<double>(store.value(member, std::uint64_t{0})) / (1U << 20U);
}

void add_head(const View& view, Frame& frame) {
  frame.push_back({fmt::format("firstseen top  {}  {}", format_time(view.wall_ms), view.store), Style::bold});
  if (!view.trouble.empty()) frame.push_back({"no answer: " + view.trouble + "; trying again", Style::bad});
}

/// The page's verdict in its color.
void add_verdict(const Json& status, Frame& frame) {
  const std::string mood = status.value("verdict", Json::object()).value("mood", "");
  frame.push_back({verdict_headline(status), mood == "good"   ? Style::good
                                             : mood == "busy" ? Style::warning
                                                              : Style::bad});
}

std::string daemon_text(const Json& status) {
  const Json loaded = status.value("configuration", Json());
  return fmt::format("daemon      firstseen {}, configuration {}, since {}; {}", status.value("version", "?"),
                     loaded.is_object() ? loaded.value("fingerprint", "?") : "?",
                     format_time(status.value("started_at_ms", std::int64_t{-1})), status_headline(status));
}

std::string latencies_text(const Json& status) {
  const Json now = status.value("rates", Json::object()).value("latency_ms", Json());
  const Json most = status.value("latency", Json::object()).value("p99_at_most", Json());
  return fmt::format("latency     {} on average; since its start 99 % within {}",
                     now.is_number() ? latency_text(now.get<double>()) : "-",
                     most.is_number() ? latency_text(most.get<double>() * 1000) : "-");
}

/// Lines that a low screen does without, the least needed last.
Frame extras(const Json& status) {
  const Json forecast = status.value("store", Json::object()).value("forecast", Json());
  const bool known = forecast.is_object();
  const bool full = known && (!forecast.value("full_in_ms", Json()).is_null() || forecast.value("beyond_disk", false));
  Frame frame;
  frame.push_back({daemon_text(status)});
  frame.push_back({latencies_text(status)});
  frame.push_back(
      {"forecast    " + (known ? forecast.value("text", "") : "not known yet"), full ? Style::warning : Style::plain});
  return frame;
}

void add_counters(const Json& status, const Rates& rates, Frame& frame) {
  constexpr std::array<std::pair<const char*, const char*>, 6> shown{{{"consumed", "consumed"},
                                                                      {"first seen", "first_seen"},
                                                                      {"duplicates", "duplicates"},
                                                                      {"rejected", "rejected"},
                                                                      {"passed", "passed"},
                                                                      {"late", "late"}}};
  const Json counters = status.value("counters", Json::object());
  const auto total = [&](const char* name) { return counters.value(name, std::uint64_t{0}); };
  frame.push_back({fmt::format("{:<12}{:>16}{:>20}", "messages", "per second", "since its start"), Style::bold});
  for (const auto& [label, name] : shown) {
    frame.push_back(
        {fmt::format("{:<12}{:>16}{:>20}", label, rate_text(rates.counter(name)), format_count(total(name)))});
  }
  frame.push_back({fmt::format("batches     {} committed, {} aborted; {}, {}", format_count(total("batches_committed")),
                               format_count(total("batches_aborted")), format_counted(total("restarts"), "restart"),
                               format_counted(total("rebalances"), "rebalance"))});
}

void add_window(const Json& status, Frame& frame) {
  const auto configured = status.value("configured_window_ms", std::int64_t{-1});
  const auto effective = status.value("effective_window_ms", std::int64_t{-1});
  frame.push_back(
      {fmt::format("window      {} configured, {} covered", window_text(configured), window_text(effective))});
}

void add_store(const Json& status, Frame& frame) {
  constexpr double nearly_full = 90;
  const Json store = status.value("store", Json::object());
  const double most = mib(store, "max_size_bytes");
  const double fill = most > 0 ? mib(store, "used_bytes") / most * 100 : 0;
  const auto evicted = store.value("evicted_entries", std::uint64_t{0});
  const std::string early = evicted == 0 ? "" : fmt::format("; {} went early", format_counted(evicted, "key"));
  frame.push_back({fmt::format("store       {}, {:.1f} % of {:.0f} MiB; index {:.1f} MiB{}",
                               format_counted(store.value("live_entries", std::uint64_t{0}), "key"), fill, most,
                               mib(store, "index_bytes"), early),
                   fill >= nearly_full || evicted != 0 ? Style::warning : Style::plain});
}

std::int64_t behind_ms(const Json& partition) { return partition.value("lag_ms", std::int64_t{-1}); }

std::string behind_text(std::int64_t ms) { return ms < 0 ? "-" : plan::about_time(static_cast<double>(ms) / 1000); }

std::string sum_of_lags(const std::vector<Json>& partitions) {
  std::uint64_t sum = 0;
  bool known = true;
  for (const Json& partition : partitions) {
    const auto lag = partition.value("lag", std::int64_t{-1});
    known = known && lag >= 0;
    if (lag > 0) sum += static_cast<std::uint64_t>(lag);
  }
  return (known ? "" : "at least ") + format_counted(sum, "message");
}

std::string most_behind(const std::vector<Json>& partitions) {
  std::int64_t most = 0;
  for (const Json& partition : partitions) most = std::max(most, behind_ms(partition));
  return most == 0 ? "" : fmt::format(", up to {} behind", behind_text(most));
}

void add_partitions(const Json& status, const Rates& rates, std::size_t room, Frame& frame) {
  const auto partitions = sorted_partitions(status);
  frame.push_back({fmt::format("lag         {} in {}{}", sum_of_lags(partitions),
                               format_counted(partitions.size(), "partition"), most_behind(partitions))});
  if (partitions.empty() || room == 0) return;
  Table table({"partition", "mode", "next offset", "lag", "behind", "per second", "stream time"});
  const std::size_t shown = partitions.size() <= room ? partitions.size() : room - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    const Json& one = partitions[i];
    const auto lag = one.value("lag", std::int64_t{-1});
    table.row({to_string(name_of_partition(one)), mode_text(one),
               std::to_string(one.value("next_offset", std::int64_t{0})),
               lag < 0 ? "-" : format_count(static_cast<std::uint64_t>(lag)), behind_text(behind_ms(one)),
               rate_text(rates.partition(name_of_partition(one))),
               format_time(one.value("stream_time_ms", std::int64_t{-1}))});
  }
  frame.push_back({""});
  const std::string text = table.text();
  for (std::size_t begin = 0, row = 0; begin < text.size(); ++row) {
    const std::size_t end = text.find('\n', begin);
    const bool stands = row > 0 && partitions[row - 1].value("mode", "") == "stopped";
    frame.push_back({text.substr(begin, end - begin), row == 0 ? Style::bold : stands ? Style::bad : Style::plain});
    begin = end + 1;
  }
  if (shown < partitions.size()) frame.push_back({fmt::format("and {} more", format_count(partitions.size() - shown))});
}

/// The newest first.
void add_events(const Json& events, std::size_t room, Frame& frame) {
  if (events.empty() || room == 0) return;
  frame.push_back({""});
  frame.push_back({"warnings and errors", Style::bold});
  std::size_t shown = 0;
  for (auto event = events.rbegin(); event != events.rend() && shown < room; ++event, ++shown) {
    const bool error = event->value("level", "") == "error";
    frame.push_back(
        {fmt::format("{}  {}", format_time(event->value("time_ms", std::int64_t{-1})), event->value("text", "")),
         error ? Style::bad : Style::warning});
  }
}

}  // namespace

Frame show(const View& view, std::size_t rows) {
  Frame frame;
  add_head(view, frame);
  if (!view.now) return frame;
  const Json& status = view.now->status;
  add_verdict(status, frame);
  const auto below_verdict = static_cast<std::ptrdiff_t>(frame.size());
  add_window(status, frame);
  add_store(status, frame);
  add_counters(status, view.rates, frame);
  const Json events = status.value("events", Json::array());
  const std::size_t partitions = status.value("partitions", Json::array()).size();
  const std::size_t kept = std::min(partitions, fewest_partitions);
  constexpr std::size_t below = 3;  // the lag, an empty line, the table's head
  const Frame more = extras(status);
  const std::size_t told = events.empty() ? 0 : std::min(events.size(), most_events) + 2;
  const std::size_t needed = frame.size() + below + kept + told;
  const std::size_t fitting = std::min(more.size(), rows > needed ? rows - needed : 0);
  frame.insert(frame.begin() + below_verdict, more.begin(), more.begin() + static_cast<std::ptrdiff_t>(fitting));
  const std::size_t used = frame.size() + below;
  const std::size_t left = rows > used ? rows - used : 0;
  std::size_t for_events = std::min(events.size(), most_events);
  while (for_events > 0 && for_events + 2 + kept > left) --for_events;
  const std::size_t taken = for_events == 0 ? 0 : for_events + 2;
  add_partitions(status, view.rates, left - std::min(left, taken), frame);
  add_events(events, for_events, frame);
  return frame;
}

}  // namespace firstseen::top
