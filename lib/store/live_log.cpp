#include "store/live_log.h"

namespace firstseen::store {

void LiveLog::append(std::uint64_t sequence, RecordView record) {
  const auto ordinal = first_ordinal_ + static_cast<std::uint32_t>(records_.size());
  records_.push_back(
      {sequence, record.bytes().data(), record.max_time_ms(), tail_, record.entry_count(), record.size_bytes()});
  const LogPosition positions = positions_for(record.entry_count());
  record_of_block_.insert(record_of_block_.end(), positions / block, ordinal);
  tail_ += positions;
  entries_ += record.entry_count();
}

void LiveLog::pop_front() {
  const LiveRecord& record = records_.front();
  const LogPosition positions = positions_for(record.entry_count);
  record_of_block_.erase(record_of_block_.begin(), record_of_block_.begin() + positions / block);
  head_ += positions;
  entries_ -= record.entry_count;
  records_.pop_front();
  ++first_ordinal_;
}

void LiveLog::pop_back() {
  const LiveRecord& record = records_.back();
  const LogPosition positions = positions_for(record.entry_count);
  record_of_block_.resize(record_of_block_.size() - positions / block);
  tail_ -= positions;
  entries_ -= record.entry_count;
  records_.pop_back();
}

std::optional<LiveLog::Place> LiveLog::at(LogPosition position) const {
  const LogPosition block_number = (position - head_) / block;
  const LiveRecord& record = records_[record_of_block_[block_number] - first_ordinal_];
  const LogPosition entry = position - record.first_position;
  if (entry >= record.entry_count) return {};
  return Place{&record, entry};
}

}  // namespace firstseen::store
