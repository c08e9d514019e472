#include "dedup/partition.h"

#include <xxhash.h>

#include <algorithm>

namespace firstseen::dedup {
namespace {

/// XXH3-64 chained by its seed; null is told from empty.
std::uint64_t add_nullable(std::uint64_t seed, const std::optional<std::string_view>& bytes) {
  if (!bytes) return ~seed;
  return XXH3_64bits_withSeed(bytes->data(), bytes->size(), seed);
}

}  // namespace

std::uint64_t message_checksum(const MessageView& message) {
  return add_nullable(add_nullable(0, message.key), message.value);
}

std::int64_t effective_window_ms(const store::PartitionState& state, std::int64_t ttl_ms, std::int64_t lost_before_ms) {
  if (state.covered_from_ms == nothing_covered) return 0;
  const std::int64_t from = std::max(state.covered_from_ms, lost_before_ms);
  if (from <= 0 || state.stream_time_ms < 0) return ttl_ms;
  return std::clamp<std::int64_t>(state.stream_time_ms - from, 0, ttl_ms);
}

}  // namespace firstseen::dedup
