#include "store/log_store.h"

#include <algorithm>
#include <utility>

#include "store/log_stats.h"

namespace firstseen::store {
Result<std::unique_ptr<SeenStore>> SeenStore::open(const OpenOptions& options) {
  auto store = LogStore::open(options, LogLimits{});
  if (!store) return forward(store.error());
  return std::unique_ptr<SeenStore>(std::move(*store));
}

std::optional<Found> LogStore::find(const Digest& digest, std::int64_t now_ms, std::uint8_t window) const {
  user_.check();
  return logs_[log_of_[window]].find(digest, now_ms, ttls_ms_[window]);
}

void LogStore::stage(const Entry& entry) {
  user_.check();
  if (entry.kind == EntryKind::seen) return logs_[log_of_[entry.window]].stage(entry);
  for (WindowLog& log : logs_) log.stage(entry);
}

/// Keys of different logs never meet, so each log's messages can be looked up together.
void LogStore::decide(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found) {
  user_.check();
  if (logs_.size() == 1) return logs_.front().decide(messages, ttls_ms_, refresh, found);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Share& share = shares_[log_of_[messages[i].window]];
    share.messages.push_back(messages[i]);
    share.places.push_back(i);
  }
  for (std::size_t log = 0; log < logs_.size(); ++log) {
    auto& [mine, places, answers] = shares_[log];
    answers.resize(mine.size());
    logs_[log].decide(mine, ttls_ms_, refresh, answers);
    for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = answers[i];
    mine.clear();
    places.clear();
  }
}

std::size_t LogStore::staged() const {
  std::size_t count = 0;
  for (const WindowLog& log : logs_) count += log.staged().size();
  return count;
}

void LogStore::drop_staged() {
  user_.check();
  for (WindowLog& log : logs_) log.drop_staged();
  end_batch();
}

std::optional<std::string> LogStore::pinned(const std::string& name) const {
  const auto found = pins_.find(name);
  return found == pins_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<std::string> LogStore::note(const std::string& name) const {
  const auto found = notes_.find(name);
  return found == notes_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<UndecidedBatch> LogStore::undecided() const {
  if (!undecided_) return {};
  const RecordView view = logs_.front().records().back().view();
  UndecidedBatch batch{view.id(), {}};
  for (std::uint32_t i = 0; i < view.range_count(); ++i) batch.ranges.push_back(view.range(i));
  return batch;
}

void LogStore::removed_before(std::vector<std::int64_t>& by_window) const {
  user_.check();
  by_window.clear();
  for (const std::uint8_t log : log_of_) by_window.push_back(state_.logs[log].removed_before_ms);
}

LogStats LogStore::stats_of(std::size_t number) const {
  const WindowLog& log = logs_[number];
  const auto& records = log.records();
  LogStats stats;
  stats.ttl = Millis{retain_ms_[number]};
  stats.live_entries = log.live_log().entries();
  stats.live_records = records.size();
  const auto has_entries = [](const LiveRecord& record) { return record.entry_count != 0; };
  if (const auto oldest = std::ranges::find_if(records, has_entries); oldest != records.end()) {
    stats.oldest_time_ms = oldest->view().min_time_ms();
    stats.newest_time_ms = std::find_if(records.rbegin(), records.rend(), has_entries)->max_time_ms;
  }
  stats.swept_before_ms = state_.logs[number].swept_before_ms;
  stats.removed_before_ms = state_.logs[number].removed_before_ms;
  stats.evicted_before_ms = state_.logs[number].evicted_before_ms;
  stats.expired_entries = log.expired_entries();
  stats.evicted_entries = log.evicted_entries();
  return stats;
}

Stats LogStore::stats() const {
  user_.check();
  Stats stats;
  stats.file_bytes = env_->file_bytes();
  stats.max_size_bytes = options_.max_size_bytes;
  stats.index_bytes = index_bytes();
  stats.map_bytes = env_->map_bytes();
  stats.disk_free_bytes = env_->disk_free_bytes();
  stats.flushes = flushes_;
  stats.longest_growth = longest_growth_;
  stats.used_bytes = reader_->read([&](Txn& txn) { return used_bytes(txn, tables_); }).value_or(0);
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    LogStats log = stats_of(i);
    add_log(stats, log);
    stats.false_positives += logs_[i].false_positives();
    if (identity_.windows.empty()) continue;
    for (const WindowRow& window : identity_.windows) {
      if (window.log == i) log.windows.push_back(window.name);
    }
    stats.logs.push_back(std::move(log));
  }
  if (!identity_.windows.empty()) stats.log_of_window = log_of_;
  return stats;
}

}  // namespace firstseen::store
