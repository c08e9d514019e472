// The last two settled records become one, while they are small (coalesce.h).
#include "store/window_log.h"

namespace firstseen::store {

/// Not at the price of an early eviction.
Result<std::optional<Coalescing>> WindowLog::plan_coalescing(const Departures& departures, Millis ttl,
                                                             std::uint64_t room) const {
  const auto& records = log_.records();
  const std::size_t stay = records.size() - (departures.empty_last ? 1 : 0);
  if (stay < departures.from_head + 2) return std::optional<Coalescing>();
  const LiveRecord& older = records[stay - 2];
  const LiveRecord& newer = records[stay - 1];
  if (!worth_coalescing(older, newer, ttl, limits_.coalesce)) return std::optional<Coalescing>();
  CoalescedRecord record(older.view(), newer.view());
  auto writer = RecordWriter::plan(record.contents(), least_record_bytes(env_));
  if (!writer) return forward(writer.error());
  if (value_pages_bytes(env_, writer->size_bytes()) > room) return std::optional<Coalescing>();
  return Coalescing{std::move(record), std::move(*writer), older.sequence, newer.sequence};
}

Result<void> WindowLog::write(Txn& txn, const Coalescing& coalescing) const {
  for (const std::uint64_t sequence : {coalescing.older, coalescing.newer}) {
    if (auto erased = txn.erase(table_, integer_key(sequence)); !erased) return erased;
  }
  auto room = txn.append(table_, coalescing.newer, coalescing.writer.size_bytes());
  if (!room) return forward(room.error());
  coalescing.writer.write(*room);
  return {};
}

/// In memory: the newer one's entries, and behind them those that are staged, move up.
void WindowLog::adopt_coalesced(const RecordView& record) {
  const LiveRecord newer = log_.records().back();
  const LogPosition staged_at = log_.tail();
  log_.pop_back();
  const LiveRecord older = log_.records().back();
  log_.pop_back();
  env_.populate(record.bytes());
  log_.append(newer.sequence, record);

  for (std::uint32_t i = 0; i < newer.entry_count; ++i) {
    const std::uint32_t entry = older.entry_count + i;
    move_in_index(record.digest(entry), newer.first_position + i, older.first_position + entry);
  }
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    const auto step = static_cast<LogPosition>(i);
    move_in_index(staged_[i].digest, staged_at + step, log_.tail() + step);
  }
}

void WindowLog::move_in_index(const Digest& digest, LogPosition from, LogPosition to) {
  if (from == to) return;
  const KeyedHash hash = index_.hash(digest);
  index_.erase(hash, from);
  index_.insert(hash, to, live());
}

}  // namespace firstseen::store
