// What a sweep would have met, had it been there: it counts as removed by that sweep.
#include <algorithm>
#include <limits>

#include "store/log_store.h"

namespace firstseen::store {

/// Every partition's history is complete from here on, with these ranges; 0: from its beginning.
std::int64_t LogStore::covered_from(std::span<const SourceRange> ranges) const {
  std::int64_t from = 0;
  for (const auto& [tp, state] : partitions_) from = std::max(from, state.covered_from_ms);
  for (const SourceRange& range : ranges) from = std::max(from, range.after.covered_from_ms);
  return from;
}

/// What went early, or stands before the part of a history that was recorded, is absent; nothing is said of what no
/// sweep has reached. A history is read back for the longest window, and of a shorter one only its own ttl is recorded.
std::int64_t LogStore::absent_before(std::size_t number, const LogBounds& log, std::int64_t covered_from_ms) const {
  std::int64_t before = -1;
  if (log.evicted_before_ms >= 0) before = std::min(log.evicted_before_ms, log.swept_before_ms - 1) + 1;
  if (covered_from_ms <= 0) return before;
  const std::int64_t shorter = longest_ms_ - least_ms_[number];
  const bool beyond = covered_from_ms > std::numeric_limits<std::int64_t>::max() - shorter;
  const std::int64_t recorded_from = beyond ? covered_from_ms : covered_from_ms + shorter;
  return std::max(before, std::min(recorded_from, log.swept_before_ms));
}

}  // namespace firstseen::store
