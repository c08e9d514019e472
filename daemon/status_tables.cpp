#include "status_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/message.h"
#include "base/one_line.h"
#include "base/units.h"
#include "dedup/partition.h"
#include "plan/words.h"

namespace firstseen {
namespace {

constexpr std::size_t most_windows = 4;
constexpr std::size_t most_reasons = 8;
constexpr std::size_t columns = 100;

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string covered_text(std::int64_t from_ms) {
  if (from_ms == dedup::nothing_covered) return "nothing yet";
  return from_ms == 0 ? "the beginning" : format_time(from_ms);
}

std::string lag_text(std::int64_t lag) { return lag < 0 ? "-" : format_count(static_cast<std::uint64_t>(lag)); }

std::string behind_text(std::int64_t ms) { return ms < 0 ? "-" : plan::about_time(static_cast<double>(ms) / 1000); }

std::string more_text(std::size_t more, std::string_view where) {
  return fmt::format("and {} more: {}\n", format_count(more), where);
}

/// 0: needs a person most.
int place_of(const Json& partition) {
  const std::string mode = mode_text(partition);
  if (mode == "stopped") return 0;
  if (mode == "waiting") return 1;
  return mode == "running" ? 3 : 2;
}

bool is_short(const Json& window) {
  return window.value("effective_ms", std::int64_t{-1}) < window.value("configured_ms", std::int64_t{-1});
}

/// Several to a line.
void add_list(Fields& fields, std::string name, const std::vector<std::string>& items) {
  std::string line;
  for (const std::string& item : items) {
    if (!line.empty() && line.size() + item.size() > columns) {
      fields.emplace_back(std::exchange(name, ""), std::exchange(line, "") + ",");
    }
    line += (line.empty() ? "" : ", ") + item;
  }
  if (!line.empty()) fields.emplace_back(name, line);
}

std::vector<std::string> reasons_of(const Json& rejected) {
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [reason, count] : rejected.items()) sorted.emplace_back(count.get<std::uint64_t>(), reason);
  std::ranges::stable_sort(sorted, std::ranges::greater{}, &std::pair<std::uint64_t, std::string>::first);
  std::vector<std::string> items;
  const std::size_t shown = std::min(sorted.size(), most_reasons);
  for (std::size_t i = 0; i < shown; ++i) items.push_back(sorted[i].second + " " + format_count(sorted[i].first));
  if (shown < sorted.size()) items.push_back(fmt::format("and {} more: --json", sorted.size() - shown));
  return items;
}

}  // namespace

std::string mode_text(const Json& partition) {
  const std::string mode = partition.value("mode", "");
  return mode == "stopped" && partition.value("waits", false) ? "waiting" : mode;
}

std::vector<Json> sorted_partitions(const Json& status) {
  const Json partitions = status.value("partitions", Json::array());
  std::vector<std::tuple<int, std::int64_t, std::size_t>> order;  // how it stands, less its lag, where it was
  order.reserve(partitions.size());
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    order.emplace_back(place_of(partitions[i]), -partitions[i].value("lag", std::int64_t{-1}), i);
  }
  std::ranges::sort(order);
  std::vector<Json> sorted;
  sorted.reserve(order.size());
  for (const auto& [standing, less_lag, place] : order) sorted.push_back(partitions[place]);
  return sorted;
}

std::string window_text(std::int64_t ms) { return ms < 0 ? "-" : format_duration(Millis(ms)); }

std::string windows_text(const Json& windows) {
  if (windows.empty()) return {};
  std::vector<Json> sorted(windows.begin(), windows.end());
  std::ranges::stable_partition(sorted, is_short);
  const std::size_t shown = std::min(sorted.size(), most_windows);
  Table table({"window", "rules", "covered", "entries", "went early"});
  for (std::size_t i = 0; i < shown; ++i) {
    const Json& window = sorted[i];
    std::string rules;
    for (const Json& rule : window.value("rules", Json::array()))
      rules += (rules.empty() ? "" : " ") + rule.get<std::string>();
    table.row({window_text(window.value("configured_ms", std::int64_t{-1})), rules,
               window_text(window.value("effective_ms", std::int64_t{-1})),
               format_count(window.value("entries", std::uint64_t{0})),
               format_count(window.value("evicted_entries", std::uint64_t{0}))});
  }
  return "\n" + table.text() + (shown < sorted.size() ? more_text(sorted.size() - shown, "--json") : "");
}

std::string counters_text(const Json& counters) {
  std::vector<std::string> items;
  for (const auto& [name, value] : counters.items()) {
    if (!value.is_number() || value.get<std::uint64_t>() == 0) continue;
    items.push_back(name + " " + format_count(value.get<std::uint64_t>()));
  }
  if (items.empty()) items.emplace_back("all 0");
  Fields fields;
  add_list(fields, "counters", items);
  add_list(fields, "rejected", reasons_of(counters.value("rejected_by_reason", Json::object())));
  return format_fields(fields);
}

std::string partitions_text(const Json& status, std::size_t room) {
  const std::vector<Json> partitions = sorted_partitions(status);
  if (partitions.empty()) return "no partition is assigned\n";
  Table table({"partition", "mode", "next offset", "stream time", "covered from", "lag", "behind"});
  std::string reasons;
  std::size_t shown = 0;
  for (std::size_t taken = 0; shown < partitions.size(); ++shown) {
    const Json& partition = partitions[shown];
    const std::string reason = partition.value("reason", "");
    taken += reason.empty() ? 1U : 2U;
    if (shown > 0 && taken > room) break;
    const TopicPartition tp{partition.value("topic", ""), partition.value("partition", 0)};
    table.row({to_string(tp), mode_text(partition), std::to_string(partition.value("next_offset", std::int64_t{0})),
               format_time(partition.value("stream_time_ms", std::int64_t{-1})),
               covered_text(partition.value("covered_from_ms", std::int64_t{0})),
               lag_text(partition.value("lag", std::int64_t{-1})),
               behind_text(partition.value("lag_ms", std::int64_t{-1}))});
    if (!reason.empty()) reasons += on_one_line(reason) + "\n";
  }
  return table.text() + (reasons.empty() ? "" : "\n" + reasons) +
         (shown < partitions.size() ? more_text(partitions.size() - shown, "firstseen top, or --json") : "");
}

}  // namespace firstseen
