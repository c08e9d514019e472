#include "dedup/partitions.h"

#include <algorithm>
#include <limits>

namespace firstseen::dedup {

Partition& Partitions::add(const TopicPartition& tp) {
  Partition& partition = map_[tp];
  partition.tp = tp;
  return partition;
}

void Partitions::clear() {
  map_.clear();
  last_ = nullptr;
}

Partition* Partitions::of(const MessageView& message) {
  if (last_ == nullptr || last_->tp.partition != message.partition || last_->tp.topic != message.topic) {
    const auto at = map_.find(TopicPartitionView{message.topic, message.partition});
    last_ = at == map_.end() ? nullptr : &at->second;
  }
  return last_;
}

Partition* Partitions::find(const TopicPartition& tp) {
  const auto at = map_.find(tp);
  return at == map_.end() ? nullptr : &at->second;
}

std::vector<TopicPartition> Partitions::running() const {
  std::vector<TopicPartition> running;
  for (const auto& [tp, partition] : map_) {
    if (partition.running()) running.push_back(tp);
  }
  return running;
}

std::int64_t Partitions::largest_stream_time_ms() const {
  std::int64_t largest = -1;
  for (const auto& [tp, partition] : map_) largest = std::max(largest, partition.state.stream_time_ms);
  return largest;
}

std::int64_t Partitions::slowest_stream_time_ms() const {
  constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();
  std::int64_t slowest = largest_stream_time_ms();
  for (const auto& [tp, partition] : map_) slowest = std::min(slowest, partition.sweep_time_ms());
  return slowest < 0 ? unknown : slowest;
}

}  // namespace firstseen::dedup
