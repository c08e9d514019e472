#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "store/index_line.h"
#include "store/record.h"

namespace firstseen::store {

/// A record of the log as the process knows it.
struct LiveRecord {
  std::uint64_t sequence = 0;
  const std::uint8_t* value = nullptr;  ///< in the map
  std::int64_t max_time_ms = 0;
  LogPosition first_position = 0;
  std::uint32_t entry_count = 0;
  std::uint32_t size_bytes = 0;

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
    std::uint32_t entry;
  };
  /// The entry at a position in [head, tail); nothing in the gap behind a record's last entry.
  [[nodiscard]] std::optional<Place> at(LogPosition position) const;
  /// The digest of that entry, in the map; null in the gap.
  [[nodiscard]] const std::uint8_t* digest_at(LogPosition position) const;

  /// Positions that a record of so many entries takes up.
  static LogPosition positions_for(std::uint64_t entries) {
    return static_cast<LogPosition>((entries + block - 1) / block * block);
  }

 private:
  /// What stands at 256 positions in a row.
  struct Block {
    const std::uint8_t* first_entry;
    std::uint32_t record;   ///< ordinal
    std::uint16_t entries;  ///< the rest is gap
    std::uint16_t stride;   ///< bytes of an entry
  };
  [[nodiscard]] const Block& block_of(LogPosition position) const { return blocks_[(position - head_) / block]; }

  std::deque<LiveRecord> records_;
  std::deque<Block> blocks_;         ///< since head_
  std::uint32_t first_ordinal_ = 0;  ///< of records_.front(); modulo 2^32
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  LogPosition head_;
  LogPosition tail_;
};

}  // namespace firstseen::store
