#include "partition_log.h"

#include <algorithm>
#include <utility>

namespace firstseen::simulation {

std::int64_t PartitionLog::append(Record record, TxnId txn) {
  entries_.push_back({std::move(record), txn, false});
  return end() - 1;
}

std::int64_t PartitionLog::append_transactional(Record record, TxnId txn) {
  open_.try_emplace(txn, end());
  return append(std::move(record), txn);
}

void PartitionLog::append_marker(TxnId txn, bool committed) {
  entries_.push_back({{}, txn, true});
  open_.erase(txn);
  if (!committed) aborted_.insert(txn);
}

std::int64_t PartitionLog::last_stable() const {
  std::int64_t stable = end();
  for (const auto& [txn, first] : open_) stable = std::min(stable, first);
  return stable;
}

bool PartitionLog::visible(std::int64_t offset) const {
  if (offset < 0 || offset >= last_stable()) return false;
  const LogEntry& entry = at(offset);
  return !entry.marker && !aborted_.contains(entry.txn);
}

void PartitionLog::truncate_head(std::int64_t offset) { start_ = std::clamp(offset, start_, end()); }

}  // namespace firstseen::simulation
