#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dedup/measures.h"
#include "dedup/partition.h"
#include "dedup/status.h"
#include "kafka/client.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// An unfinished batch: which offsets of which partitions it holds and what it will add to the counters.
class Batch {
 public:
  /// Opens the batch. `deadline_ms`: steady time at which it is complete at the latest.
  void open(kafka::GroupMembership membership, std::int64_t deadline_ms, std::int64_t expire_before_ms);
  void clear();

  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] std::int64_t deadline_ms() const { return deadline_ms_; }
  [[nodiscard]] std::int64_t expire_before_ms() const { return expire_before_ms_; }
  [[nodiscard]] const kafka::GroupMembership& membership() const { return membership_; }

  /// The index of this partition's range; made, starting at the partition's present state, on first use.
  std::uint32_t range_of(Partition& partition);
  [[nodiscard]] const TopicPartition& source(std::uint32_t range) const { return ranges_[range].tp; }

  void count_message(std::uint64_t bytes, std::int64_t timestamp_ms) {
    ++messages_;
    bytes_ += bytes;
    timestamps_.add(timestamp_ms);
  }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const Timestamps& timestamps() const { return timestamps_; }

  /// What it has spent on each step so far.
  StepTimes& times() { return times_; }
  [[nodiscard]] const StepTimes& times() const { return times_; }

  void count_suspect() { ++suspects_; }
  [[nodiscard]] std::size_t suspects() const { return suspects_; }
  /// The next message must not share this batch.
  void cut() { cut_ = true; }
  [[nodiscard]] bool is_cut() const { return cut_; }

  Counters& counts() { return counts_; }
  [[nodiscard]] const Counters& counts() const { return counts_; }

  /// The partition's state when this batch took its first message of it.
  [[nodiscard]] const store::PartitionState& state_before(std::size_t range) const { return before_[range]; }
  /// Takes over the partition's state as its range's end; for partitions in this batch, when it is complete.
  void close_range(const Partition& partition);
  [[nodiscard]] std::span<const store::SourceRange> ranges() const { return ranges_; }
  [[nodiscard]] std::vector<kafka::OffsetCommit> offsets(const std::string& metadata) const;

 private:
  bool open_ = false;
  kafka::GroupMembership membership_;
  std::int64_t deadline_ms_ = 0;
  std::int64_t expire_before_ms_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  Timestamps timestamps_;
  StepTimes times_;
  std::size_t suspects_ = 0;
  bool cut_ = false;
  Counters counts_;
  std::vector<store::SourceRange> ranges_;
  std::vector<store::PartitionState> before_;
};

}  // namespace firstseen::dedup
