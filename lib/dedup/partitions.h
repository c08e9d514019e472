#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/message.h"
#include "dedup/partition.h"

namespace firstseen::dedup {

/// The partitions assigned to a slot.
class Partitions {
 public:
  using Map = std::map<TopicPartition, Partition, std::less<>>;

  Partition& add(const TopicPartition& tp);
  void clear();

  /// The partition of a message, or null. Messages come in runs of one partition, so the last answer is tried first.
  Partition* of(const MessageView& message);
  Partition* find(const TopicPartition& tp);

  [[nodiscard]] bool empty() const { return map_.empty(); }
  [[nodiscard]] Map::iterator begin() { return map_.begin(); }
  [[nodiscard]] Map::iterator end() { return map_.end(); }
  [[nodiscard]] Map::const_iterator begin() const { return map_.begin(); }
  [[nodiscard]] Map::const_iterator end() const { return map_.end(); }

  [[nodiscard]] std::vector<TopicPartition> running() const;

  /// The slot's stream time: the largest of the partitions; -1: none has any.
  [[nodiscard]] std::int64_t largest_stream_time_ms() const;
  /// The stream time below which no assigned partition can still call anything a duplicate once the ttl is taken off:
  /// the smallest of the partitions, where one at the end of its log counts with what the largest was when it was asked
  /// for that end (see FreshEnds). INT64_MIN: not known.
  [[nodiscard]] std::int64_t slowest_stream_time_ms() const;

 private:
  Map map_;
  Partition* last_ = nullptr;
};

}  // namespace firstseen::dedup
