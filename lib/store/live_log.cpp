#include "store/live_log.h"

#include <algorithm>

namespace firstseen::store {

void LiveLog::append(std::uint64_t sequence, RecordView record) {
  const auto ordinal = first_ordinal_ + static_cast<std::uint32_t>(records_.size());
  records_.push_back(
      {sequence, record.bytes().data(), record.max_time_ms(), tail_, record.entry_count(), record.size_bytes()});
  const auto stride = static_cast<std::uint16_t>(record.stride());
  const std::uint8_t* entry = record.first_entry();
  for (std::uint32_t left = record.entry_count(); left != 0;) {
    const std::uint32_t here = std::min<std::uint32_t>(left, block);
    blocks_.push_back({entry, ordinal, static_cast<std::uint16_t>(here), stride});
    entry += std::size_t{here} * stride;
    left -= here;
  }
  tail_ += positions_for(record.entry_count());
  entries_ += record.entry_count();
  bytes_ += record.size_bytes();
}

void LiveLog::pop_front() {
  const LiveRecord& record = records_.front();
  const LogPosition positions = positions_for(record.entry_count);
  blocks_.erase(blocks_.begin(), blocks_.begin() + positions / block);
  head_ += positions;
  entries_ -= record.entry_count;
  bytes_ -= record.size_bytes;
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
  records_.pop_back();
}

std::optional<LiveLog::Place> LiveLog::at(LogPosition position) const {
  const Block& place = block_of(position);
  if (position % block >= place.entries) return {};
  const LiveRecord& record = records_[place.record - first_ordinal_];
  return Place{&record, position - record.first_position};
}

const std::uint8_t* LiveLog::digest_at(LogPosition position) const {
  const Block& place = block_of(position);
  const LogPosition entry = position % block;
  return entry < place.entries ? place.first_entry + std::size_t{entry} * place.stride : nullptr;
}

}  // namespace firstseen::store
