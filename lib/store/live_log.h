#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "store/digest_run.h"
#include "store/index_line.h"
#include "store/record.h"
#include "store/record_head.h"

namespace firstseen::store {

/// A record of the log as the process knows it.
struct LiveRecord {
  std::uint64_t sequence = 0;
  const std::uint8_t* value = nullptr;  ///< in the map
  std::int64_t max_time_ms = 0;
  LogPosition first_position = 0;
  std::uint32_t entry_count = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t stride = 0;                   ///< bytes of an entry
  const std::uint8_t* first_entry = nullptr;  ///< in the map
  RecordHead head;

  [[nodiscard]] RecordView view() const { return RecordView::trusted(value); }
};

/// The records that the environment holds, oldest first, and the way from a position to its record. Records join at
/// the tail; they leave at the head (expiry, eviction) and at the tail (rollback, empty records).
class LiveLog {
 public:
  /// Each record starts at a multiple of this.
  static constexpr LogPosition block = 256;

  /// `first_position`: a multiple of 256.
  explicit LiveLog(LogPosition first_position) : head_(first_position), tail_(first_position) {}

  void append(std::uint64_t sequence, RecordView record);
  void pop_front();
  void pop_back();

  [[nodiscard]] const std::deque<LiveRecord>& records() const { return records_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  ///< of its records
  [[nodiscard]] LogPosition head() const { return head_; }
  /// Where the next record will start.
  [[nodiscard]] LogPosition tail() const { return tail_; }

  struct Place {
    const LiveRecord* record;
    const std::uint8_t* entry;  ///< its bytes, in the map
  };
  /// The entry at a position in [head, tail); nothing in the gap behind a record's last entry.
  [[nodiscard]] std::optional<Place> at(LogPosition position) const;
  /// The digests from that entry to its record's last, in the map; or the rest of the gap.
  [[nodiscard]] DigestRun digests_at(LogPosition position) const;
  /// Has what a look at these entries, in [head, tail), needs brought into the cache.
  void prefetch(std::span<const LogPosition> positions) const;

  /// Of the process: about what all this takes beside the map.
  [[nodiscard]] std::size_t memory_bytes() const { return blocks_.size() * sizeof(std::uint32_t) + record_bytes_; }

  /// Positions that a record of so many entries takes up.
  static LogPosition positions_for(std::uint64_t entries) {
    return static_cast<LogPosition>((entries + block - 1) / block * block);
  }

 private:
  [[nodiscard]] const LiveRecord& record_at(LogPosition position) const {
    return records_[blocks_[(position - head_) / block] - first_ordinal_];
  }

  std::deque<LiveRecord> records_;
  std::deque<std::uint32_t> blocks_;  ///< since head_, of 256 positions in a row: the ordinal of their record
  std::uint32_t first_ordinal_ = 0;   ///< of records_.front(); modulo 2^32
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t record_bytes_ = 0;  ///< that records_ takes in memory
  LogPosition head_;
  LogPosition tail_;
};

inline std::optional<LiveLog::Place> LiveLog::at(LogPosition position) const {
  const LiveRecord& record = record_at(position);
  const LogPosition entry = position - record.first_position;
  if (entry >= record.entry_count) return {};
  return Place{&record, record.first_entry + std::size_t{entry} * record.stride};
}

inline DigestRun LiveLog::digests_at(LogPosition position) const {
  const LiveRecord& record = record_at(position);
  const LogPosition entry = position - record.first_position;
  if (entry >= record.entry_count) return {nullptr, 0, positions_for(record.entry_count) - entry};
  return {record.first_entry + std::size_t{entry} * record.stride, record.stride, record.entry_count - entry};
}

}  // namespace firstseen::store
