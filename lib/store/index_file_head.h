#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/growing_index.h"
#include "store/lmdb.h"

namespace firstseen::store {

/// The state of the store that an index file belongs to, and no other: every write changes the transaction, every
/// opening the owner, and a copy has another owner as soon as it was opened.
struct IndexFileKey {
  std::string store_id;
  std::uint64_t owner = 0;
  std::uint64_t transaction = 0;  ///< LMDB's last
  std::uint64_t sequence = 0;     ///< the highest number ever given to a batch

  bool operator==(const IndexFileKey&) const = default;
};

/// What the positions in an index count.
struct LogExtent {
  LogPosition head = 0;
  LogPosition tail = 0;
  std::uint64_t records = 0;
  std::uint64_t entries = 0;

  bool operator==(const LogExtent&) const = default;
};

/// What stands at the beginning of an index file, before the tables.
struct IndexFileHead {
  IndexFileKey key;
  LogExtent extent;
  GrowingIndex::Progress progress;
  struct Table {
    PositionIndex::Shape shape;
    std::uint64_t side_entries = 0;
  };
  std::vector<Table> tables;             ///< one, or two in the middle of a change of size
  std::vector<std::uint64_t> checksums;  ///< XXH3-64 of the blocks that follow, in order

  /// Bytes of the head with so many checksums, where the first block begins.
  static std::uint64_t size_with(std::size_t checksums);

  [[nodiscard]] std::vector<std::uint8_t> encode() const;
  /// The Error says what is wrong with it. `file_bytes` bounds what it may claim.
  static Result<IndexFileHead> decode(Bytes bytes, std::uint64_t file_bytes);
};

/// The whole file consists of stretches that begin at multiples of this.
inline constexpr std::uint64_t index_file_alignment = 4096;
/// What has a checksum of its own.
inline constexpr std::uint64_t index_block_bytes = 1ULL << 20U;
/// An entry of a side table: the key, the position.
inline constexpr std::uint64_t side_entry_bytes = 12;

inline std::uint64_t index_file_aligned(std::uint64_t at) {
  return (at + index_file_alignment - 1) / index_file_alignment * index_file_alignment;
}

/// Blocks of a stretch of so many bytes.
inline std::uint64_t index_blocks_of(std::uint64_t bytes) {
  return (bytes + index_block_bytes - 1) / index_block_bytes;
}

}  // namespace firstseen::store
