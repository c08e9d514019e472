// What leaves a log with a commit, and what joins it.
#include <algorithm>
#include <vector>

#include "store/window_log.h"

namespace firstseen::store {
namespace {

/// The whole index is scrubbed while the tail moves on by so many positions: a quarter of all, the part that
/// LogLimits::longest_log leaves free.
constexpr double scrub_round = 1U << 30U;

}  // namespace

// --- what leaves ---

void WindowLog::depart(Departures& departures, const LiveRecord& record) const {
  ++departures.from_head;
  departures.bytes += value_pages_bytes(env_, record.size_bytes);
  departures.positions += LiveLog::positions_for(record.entry_count);
}

Departures WindowLog::expired(std::int64_t before_ms) const {
  Departures departures;
  const auto& records = log_.records();
  // Only from the head: what a tombstone covers stands before it in the log and so never outlives it.
  while (departures.from_head < records.size()) {
    const LiveRecord& record = records[departures.from_head];
    if (record.entry_count != 0 && record.max_time_ms >= before_ms) break;
    depart(departures, record);
    departures.expired_entries += record.entry_count;
    if (record.entry_count != 0) {
      departures.expired_before_ms = std::max(departures.expired_before_ms, record.max_time_ms + 1);
    }
  }
  if (departures.from_head < records.size() && records.back().entry_count == 0) {
    departures.empty_last = true;
    departures.bytes += value_pages_bytes(env_, records.back().size_bytes);
  }
  return departures;
}

bool WindowLog::evictable(const Departures& departures) const {
  return departures.from_head < log_.records().size() - (departures.empty_last ? 1 : 0);
}

void WindowLog::evict_next(Departures& departures) const {
  const LiveRecord& record = log_.records()[departures.from_head];
  depart(departures, record);
  departures.evicted_entries += record.entry_count;
  if (record.entry_count != 0) {
    departures.evicted_before_ms = std::max(departures.evicted_before_ms, record.max_time_ms);
  }
}

bool WindowLog::has_positions(const Departures& departures, LogPosition positions) const {
  const LogPosition length = log_.tail() - log_.head();
  return std::uint64_t{length - departures.positions} + positions <= limits_.longest_log;
}

std::uint64_t WindowLog::staying_bytes(const Departures& departures) const {
  return log_.bytes() - std::min(log_.bytes(), departures.bytes);
}

std::uint64_t WindowLog::last_record(const Departures& departures) const {
  const auto& records = log_.records();
  const std::size_t stay = records.size() - (departures.empty_last ? 1 : 0);
  return departures.from_head < stay ? records[stay - 1].sequence : 0;
}

Result<void> WindowLog::erase(Txn& txn, const Departures& departures) const {
  const auto& records = log_.records();
  for (std::size_t i = 0; i < departures.from_head; ++i) {
    if (auto erased = txn.erase(table_, integer_key(records[i].sequence)); !erased) return erased;
  }
  return departures.empty_last ? txn.erase(table_, integer_key(records.back().sequence)) : Result<void>{};
}

void WindowLog::forget(const Departures& departures) {
  for (std::size_t i = 0; i < departures.from_head; ++i) log_.pop_front();
  if (departures.empty_last) log_.pop_back();
  expired_entries_ += departures.expired_entries;
  evicted_entries_ += departures.evicted_entries;
}

// --- what joins, and leaves again ---

Result<void> WindowLog::append(Txn& txn, std::uint64_t sequence, const RecordWriter& writer) const {
  auto room = txn.append(table_, sequence, writer.size_bytes());
  if (!room) return forward(room.error());
  writer.write(*room);
  return {};
}

void WindowLog::adopt(std::uint64_t sequence, const RecordView& record) {
  const LogPosition positions = LiveLog::positions_for(staged_.size());
  staged_.clear();
  env_.populate(record.bytes());  // duplicates will look at it
  log_.append(sequence, record);
  index_.scrub(static_cast<double>(positions) / scrub_round, live());
}

Result<void> WindowLog::erase_last(Txn& txn) const {
  return txn.erase(table_, integer_key(log_.records().back().sequence));
}

void WindowLog::forget_last(std::span<const Digest> digests) {
  const LiveRecord record = log_.records().back();
  const std::vector<Entry> staged = staged_;  // they stand behind the record that goes, so their positions change
  drop_staged();
  for (std::uint32_t i = 0; i < record.entry_count; ++i) {
    index_.erase(index_.hash(digests[i]), record.first_position + i);
  }
  log_.pop_back();
  for (const Entry& entry : staged) stage(entry);
}

}  // namespace firstseen::store
