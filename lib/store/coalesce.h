#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "store/live_log.h"
#include "store/record.h"

namespace firstseen::store {

/// Batches of a few keys must not each keep pages, positions and a table of ranges for the length of the window. So the
/// last two settled records, while they are small, are written again as one, in the commit that prepares the next
/// batch: that commit is what makes the second of them settled, and the batch that it prepares stands in a record of
/// its own, which a rollback deletes. No commit writes more than `entries` entries again.
struct CoalesceLimits {
  std::uint32_t entries = 1024;  ///< of both together; 0: never
  /// Their times may span this part of the ttl: the record leaves with its newest entry, and so its oldest stays for
  /// that much longer.
  std::int64_t ttl_parts = 16;
};

/// Are these two, neighbours in the log, to become one?
[[nodiscard]] bool worth_coalescing(const LiveRecord& older, const LiveRecord& newer, Millis ttl,
                                    const CoalesceLimits& limits);

/// What both hold, in their order, under the newer one's id.
class CoalescedRecord {
 public:
  CoalescedRecord(const RecordView& older, const RecordView& newer);

  /// Valid while this object lives, also when it is moved.
  [[nodiscard]] RecordContents contents() const { return {id_, ranges_, entries_, batches_back_, oldest_back_}; }

 private:
  std::uint32_t add_range(SourceRange range, std::uint64_t brought_by);
  void add(const RecordView& record);

  BatchId id_;
  std::uint32_t oldest_back_;
  std::vector<SourceRange> ranges_;
  std::vector<std::uint32_t> batches_back_;
  std::vector<Entry> entries_;
};

}  // namespace firstseen::store
