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

/// For how long each log keeps its records: the longest of its windows.
std::vector<std::int64_t> retain_of(const Identity& identity) {
  std::vector<std::int64_t> retain(identity.log_count(), 0);
  if (identity.windows.empty()) retain.front() = identity.ttl_ms;
  for (const WindowRow& window : identity.windows) retain[window.log] = std::max(retain[window.log], window.ttl_ms);
  return retain;
}

/// What has left a log under a shorter ttl is missing in the longer window that it has now. True: something has.
bool note_longer_windows(const std::vector<std::int64_t>& before, const std::vector<std::int64_t>& now,
                         LogState& state) {
  bool noted = false;
  for (std::size_t i = 0; i < std::min({before.size(), now.size(), state.logs.size()}); ++i) {
    LogBounds& log = state.logs[i];
    if (now[i] <= before[i] || log.swept_before_ms <= log.evicted_before_ms) continue;
    log.evicted_before_ms = log.swept_before_ms;
    noted = true;
  }
  return noted;
}

std::uint64_t random_secret() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace

/// Of a store that held a batch only the ttls may change: in a log of its own a key would not be found again.
Result<void> LogStore::arrange_windows() {
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
  const std::vector<std::int64_t> before = retain_of(identity_);
  identity_.windows = std::move(rows);
  if (identity_.windows.empty()) identity_.ttl_ms = options_.ttl.count();
  if (state_.sequence != 0 && note_longer_windows(before, retain_of(identity_), state_)) state_changed_ = true;
  use_windows();
  return {};
}

Result<void> LogStore::set_ttls(Millis ttl, std::span<const Millis> windows) {
  user_.check();
  Identity identity = identity_;
  if (windows.size() != identity.windows.size()) {
    return fail(Exit::internal, fmt::format("{} ttls for {}", windows.size(), names_of(identity.windows)));
  }
  identity.ttl_ms = windows.empty() ? ttl.count() : std::ranges::max(windows).count();
  for (std::size_t i = 0; i < windows.size(); ++i) identity.windows[i].ttl_ms = windows[i].count();
  LogState state = state_;
  const bool noted = note_longer_windows(retain_ms_, retain_of(identity), state);
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  auto done = write_identity(*txn, tables_, identity);
  if (done && noted) done = write_log_state(*txn, tables_, state);
  if (done) done = commit(*txn);
  if (!done) return done;
  identity_ = std::move(identity);
  state_ = std::move(state);
  use_windows();
  return {};
}

/// Takes over what identity_ says of windows and ttls, for the logs that there are.
void LogStore::use_windows() {
  log_of_.clear();
  ttls_ms_.clear();
  if (identity_.windows.empty()) {
    log_of_.push_back(0);
    ttls_ms_.push_back(static_cast<std::uint64_t>(identity_.ttl_ms));
  }
  for (const WindowRow& window : identity_.windows) {
    log_of_.push_back(static_cast<std::uint8_t>(window.log));
    ttls_ms_.push_back(static_cast<std::uint64_t>(window.ttl_ms));
  }
  retain_ms_ = retain_of(identity_);
  least_ms_ = retain_ms_;
  for (const WindowRow& window : identity_.windows) {
    least_ms_[window.log] = std::min(least_ms_[window.log], window.ttl_ms);
  }
  longest_ms_ = std::ranges::max(retain_ms_);
  shares_.resize(identity_.log_count());
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
