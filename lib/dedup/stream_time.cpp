#include "dedup/stream_time.h"

#include <algorithm>

#include "dedup/partition.h"

namespace firstseen::dedup {

bool observe_timestamp(store::PartitionState& state, std::int64_t timestamp_ms, std::int64_t wall_ms, Millis max_skew) {
  const std::int64_t limit = wall_ms + max_skew.count();
  const bool clipped = timestamp_ms > limit;
  state.stream_time_ms = std::max({state.stream_time_ms, std::min(timestamp_ms, limit), std::int64_t{0}});
  if (state.covered_from_ms == nothing_covered) state.covered_from_ms = state.stream_time_ms;
  return clipped;
}

}  // namespace firstseen::dedup
