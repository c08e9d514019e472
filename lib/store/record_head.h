#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/record.h"

namespace firstseen::store {

/// What reading a record's entries takes, copied out of its head. All heads stand at the same place of a page, so that
/// few of them stay in a cache, and each is on a page that a lookup would need beside the entry's own. Refers to the
/// record's bytes for the names of topics only.
class RecordHead {
 public:
  explicit RecordHead(const RecordView& record);

  /// The entry that begins here. One of an unknown range (possible in a damaged record only) has range 0 and offset 0.
  [[nodiscard]] Entry entry(const std::uint8_t* bytes) const;
  /// An unknown range gives an empty one.
  [[nodiscard]] TopicPartitionView source(std::uint32_t range) const {
    return range < ranges_.size() ? ranges_[range].source : TopicPartitionView();
  }

  [[nodiscard]] std::size_t memory_bytes() const { return ranges_.capacity() * sizeof(Range); }

 private:
  struct Range {
    std::int64_t base_offset;
    TopicPartitionView source;
  };

  std::vector<Range> ranges_;
  std::int64_t base_time_ms_;
  EntryWidths widths_;
};

}  // namespace firstseen::store
