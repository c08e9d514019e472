#pragma once

#include <cstdint>

#include "base/clock.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// Advances a partition's stream time by a message's timestamp, never beyond `wall_ms` + `max_skew`; a partition of
/// which nothing is covered yet is covered from here on. Returns whether the timestamp was clipped.
bool observe_timestamp(store::PartitionState& state, std::int64_t timestamp_ms, std::int64_t wall_ms, Millis max_skew);

}  // namespace firstseen::dedup
