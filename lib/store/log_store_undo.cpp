// The last batch falls; the clean stop.
#include <vector>

#include "store/log_store.h"

namespace firstseen::store {
namespace {

std::vector<SourceRange> ranges_of(const RecordView& record) {
  std::vector<SourceRange> ranges;
  ranges.reserve(record.range_count());
  for (std::uint32_t i = 0; i < record.range_count(); ++i) ranges.push_back(record.range(i));
  return ranges;
}

std::vector<Digest> digests_of(const RecordView& record) {
  std::vector<Digest> digests;
  digests.reserve(record.entry_count());
  for (std::uint32_t i = 0; i < record.entry_count(); ++i) digests.push_back(record.digest(i));
  return digests;
}

}  // namespace

Result<void> LogStore::write_rollback(std::span<WindowLog* const> logs, std::span<const SourceRange> ranges,
                                      const LogState& state) {
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  for (const WindowLog* log : logs) {
    if (auto erased = log->erase_last(*txn); !erased) return erased;
  }
  for (const SourceRange& range : ranges) {
    auto done = range.before ? write_partition(*txn, tables_, range.tp, {*range.before, state.settled - 1})
                             : erase_partition(*txn, tables_, range.tp);
    if (!done) return done;
  }
  auto done = write_log_state(*txn, tables_, state);
  return done ? commit(*txn) : done;
}

/// Its records go, in every log that has one; the first log's knows all partitions.
Result<void> LogStore::roll_back() {
  user_.check();
  if (!undecided_) return {};
  const RecordView lead = logs_.front().records().back().view();
  const std::uint64_t sequence = lead.id().sequence;
  const std::vector<SourceRange> ranges = ranges_of(lead);
  LogState state = state_;
  state.settled = sequence;
  std::vector<WindowLog*> logs;
  std::vector<std::vector<Digest>> digests;
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const auto& records = logs_[i].records();
    if (records.empty() || records.back().sequence != sequence) continue;
    logs.push_back(&logs_[i]);
    digests.push_back(digests_of(records.back().view()));
    state.logs[i].last_record = records.size() > 1 ? records[records.size() - 2].sequence : 0;
  }
  if (auto written = write_rollback(logs, ranges, state); !written) return written;

  for (std::size_t i = 0; i < logs.size(); ++i) logs[i]->forget_last(digests[i]);
  for (const SourceRange& range : ranges) {
    if (range.before) {
      partitions_[range.tp] = *range.before;
    } else {
      partitions_.erase(range.tp);
    }
  }
  state_ = state;
  undecided_ = false;
  return {};
}

Result<void> LogStore::note_settled() {
  user_.check();
  LogState state = state_;
  if (!undecided_) state.settled = state.sequence;
  if (state == state_) return {};
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  auto done = write_log_state(*txn, tables_, state);
  if (done) done = commit(*txn);
  if (done) state_ = state;
  return done;
}

Result<void> LogStore::close_clean() {
  if (auto noted = note_settled(); !noted) return noted;
  if (!marked_unsynced_) return {};
  if (auto synced = env_->sync(); !synced) return synced;
  if (auto removed = UnsyncedMark::remove(options_.directory); !removed) return removed;
  marked_unsynced_ = false;
  return {};
}

}  // namespace firstseen::store
