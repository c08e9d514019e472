#include "store/live_log.h"

#include "base/prefetch.h"

namespace firstseen::store {
namespace {

std::size_t memory_of(const LiveRecord& record) { return sizeof record + record.head.memory_bytes(); }

}  // namespace

void LiveLog::append(std::uint64_t sequence, RecordView record) {
  const auto ordinal = first_ordinal_ + static_cast<std::uint32_t>(records_.size());
  const auto stride = static_cast<std::uint32_t>(record.stride());
  records_.push_back({sequence, record.bytes().data(), record.max_time_ms(), tail_, record.entry_count(),
                      record.size_bytes(), stride, record.first_entry(), RecordHead(record)});
  const LogPosition positions = positions_for(record.entry_count());
  blocks_.insert(blocks_.end(), positions / block, ordinal);
  tail_ += positions;
  entries_ += record.entry_count();
  bytes_ += record.size_bytes();
  record_bytes_ += memory_of(records_.back());
}

void LiveLog::pop_front() {
  const LiveRecord& record = records_.front();
  const LogPosition positions = positions_for(record.entry_count);
  blocks_.erase(blocks_.begin(), blocks_.begin() + positions / block);
  head_ += positions;
  entries_ -= record.entry_count;
  bytes_ -= record.size_bytes;
  record_bytes_ -= memory_of(record);
  records_.pop_front();
  ++first_ordinal_;
}

void LiveLog::pop_back() {
  const LiveRecord& record = records_.back();
  const LogPosition positions = positions_for(record.entry_count);
  blocks_.erase(blocks_.end() - positions / block, blocks_.end());
  tail_ -= positions;
  entries_ -= record.entry_count;
  bytes_ -= record.size_bytes;
  record_bytes_ -= memory_of(record);
  records_.pop_back();
}

/// What leads to an entry is asked for step by step, of all of them at once: else each would wait for the last one's.
void LiveLog::prefetch(std::span<const LogPosition> positions) const {
  for (const LogPosition position : positions) firstseen::prefetch(&blocks_[(position - head_) / block]);
  for (const LogPosition position : positions) firstseen::prefetch(&record_at(position));
  for (const LogPosition position : positions) {
    const auto place = at(position);
    if (!place) continue;
    firstseen::prefetch(place->entry);
    firstseen::prefetch(place->entry + place->record->stride - 1);
  }
}

}  // namespace firstseen::store
