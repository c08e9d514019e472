// Which windows the store has, and which log holds the keys of each.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "store/log_store.h"

namespace firstseen::store {
namespace {

/// Windows of one ttl share a log; a log keeps its windows for life, whatever becomes of their ttls.
std::vector<WindowRow> rows_for(const std::vector<Window>& windows) {
  std::vector<WindowRow> rows;
  std::uint32_t logs = 0;
  for (const Window& window : windows) {
    const auto same = [&](const WindowRow& row) { return row.ttl_ms == window.ttl.count(); };
    const auto known = std::ranges::find_if(rows, same);
    const std::uint32_t log = known == rows.end() ? logs++ : known->log;
    rows.push_back({window.name, window.ttl.count(), log});
  }
  return rows;
}

std::string names_of(const std::vector<WindowRow>& rows) {
  if (rows.empty()) return "one window without a name";
  std::string names;
  for (const WindowRow& row : rows) names += (names.empty() ? "" : ", ") + row.name;
  return "windows " + names;
}

std::uint64_t random_secret() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace

/// Of a store that held a batch only the ttls may change: in a log of its own a key would not be found again.
Result<void> LogStore::arrange_windows() {
  const std::vector<std::int64_t> retained_ms = retain_ms_;
  std::vector<WindowRow> rows = rows_for(options_.windows);
  if (options_.windows.size() > most_windows) {
    return fail(Exit::config, fmt::format("{} windows: {} is the most", options_.windows.size(), most_windows));
  }
  const bool too_many = std::ranges::any_of(rows, [](const WindowRow& row) { return row.log >= most_logs; });
  if (too_many) return fail(Exit::config, fmt::format("more than {} different ttls", most_logs));
  if (state_.sequence != 0) {
    auto& kept = identity_.windows;
    const bool same = std::ranges::equal(rows, kept, {}, &WindowRow::name, &WindowRow::name);
    if (!same) {
      return fail(Exit::config, fmt::format("store {} has {}, and {} are asked for: give these a store.path of their "
                                            "own, or delete the directory deliberately (its window is then lost)",
                                            options_.directory.string(), names_of(kept), names_of(rows)));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].log = kept[i].log;
  }
  identity_.windows = std::move(rows);
  if (identity_.windows.empty()) identity_.ttl_ms = options_.ttl.count();
  use_windows();
  note_growth(retained_ms);
  return {};
}

/// What has left a log for the ttl that it had has left early for a longer one.
void LogStore::note_growth(const std::vector<std::int64_t>& retained_ms) {
  for (std::size_t i = 0; i < std::min(retained_ms.size(), retain_ms_.size()); ++i) {
    LogBounds& log = state_.logs[i];
    if (retain_ms_[i] <= retained_ms[i] || log.swept_before_ms <= log.evicted_before_ms) continue;
    log.evicted_before_ms = log.swept_before_ms;
    state_changed_ = true;
  }
}

/// Takes over what identity_ says of windows and ttls, for the logs that there are.
void LogStore::use_windows() {
  const std::size_t count = identity_.log_count();
  log_of_.clear();
  ttls_ms_.clear();
  retain_ms_.assign(count, 0);
  if (identity_.windows.empty()) {
    log_of_.push_back(0);
    ttls_ms_.push_back(static_cast<std::uint64_t>(identity_.ttl_ms));
    retain_ms_.front() = identity_.ttl_ms;
  }
  for (const WindowRow& window : identity_.windows) {
    log_of_.push_back(static_cast<std::uint8_t>(window.log));
    ttls_ms_.push_back(static_cast<std::uint64_t>(window.ttl_ms));
    retain_ms_[window.log] = std::max(retain_ms_[window.log], window.ttl_ms);
  }
  longest_ms_ = std::ranges::max(retain_ms_);
  shares_.resize(count);
}

/// In memory, those that it does not have yet.
void LogStore::add_logs(std::size_t count) {
  while (logs_.size() < count) logs_.emplace_back(*env_, tables_.logs[logs_.size()], limits_, random_secret());
  state_.logs.resize(logs_.size());
}

/// The logs that an empty store needs beyond those that it has.
Result<void> LogStore::make_logs() {
  const std::size_t count = identity_.log_count();
  if (tables_.logs.size() < count) {
    if (auto made = env_->create_databases(Tables::further_logs(count)); !made) return made;
    tables_ = Tables::of(*env_).value_or(Tables{});
  }
  if (state_.logs.size() != count) state_changed_ = true;
  while (logs_.size() > count) logs_.pop_back();  // empty ones, of windows that no batch ever used
  add_logs(count);
  return {};
}

}  // namespace firstseen::store
