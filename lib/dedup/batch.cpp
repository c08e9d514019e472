#include "dedup/batch.h"

#include <utility>

namespace firstseen::dedup {

void Batch::open(kafka::GroupMembership membership, std::int64_t deadline_ms, std::int64_t expire_before_ms) {
  open_ = true;
  membership_ = std::move(membership);
  deadline_ms_ = deadline_ms;
  expire_before_ms_ = expire_before_ms;
}

void Batch::clear() {
  open_ = false;
  membership_.reset();
  messages_ = 0;
  bytes_ = 0;
  timestamps_.clear();
  times_ = {};
  suspects_ = 0;
  cut_ = false;
  counts_ = Counters{};
  ranges_.clear();
  before_.clear();
}

std::uint32_t Batch::range_of(Partition& partition) {
  if (partition.range < 0) {
    partition.range = static_cast<std::int32_t>(ranges_.size());
    store::SourceRange range;
    range.tp = partition.tp;
    range.start = partition.state.next_offset;
    range.end = range.start;
    range.after = partition.state;
    ranges_.push_back(std::move(range));
    before_.push_back(partition.state);
  }
  return static_cast<std::uint32_t>(partition.range);
}

void Batch::close_range(const Partition& partition) {
  store::SourceRange& range = ranges_[static_cast<std::size_t>(partition.range)];
  range.end = partition.state.next_offset;
  range.after = partition.state;
}

std::vector<kafka::OffsetCommit> Batch::offsets(const std::string& metadata) const {
  std::vector<kafka::OffsetCommit> offsets;
  offsets.reserve(ranges_.size());
  for (const store::SourceRange& range : ranges_) offsets.push_back({range.tp, range.end, metadata});
  return offsets;
}

}  // namespace firstseen::dedup
