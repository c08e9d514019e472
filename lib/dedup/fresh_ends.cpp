#include "dedup/fresh_ends.h"

#include <algorithm>

namespace firstseen::dedup {
namespace {

/// An answer comes with the next fetch, which takes half a second where there is nothing to be fetched.
constexpr std::int64_t patience_ms = 10'000;

/// Between two questions, and how far, in stream time, a partition may fall behind before it is worth one: so much
/// longer keys stay in the store.
std::int64_t interval_ms(Millis ttl) { return std::clamp<std::int64_t>(ttl.count() / 20, 100, 5000); }

}  // namespace

Result<void> FreshEnds::ask() {
  if (context_.options.clock == WindowClock::wall_clock_time) return {};  // the sweep goes by the clock
  const std::int64_t now_ms = context_.clock.steady_ms();
  const std::int64_t interval = interval_ms(context_.options.longest_ttl());
  const std::int64_t slot_time_ms = partitions_.largest_stream_time_ms();
  std::vector<Position> asked;
  for (auto& [tp, partition] : partitions_) {
    if (!partition.at_end || !partition.is_fetched()) continue;
    if (partition.end_asked_ms >= 0) {
      partition.end_is_doubtful = now_ms - partition.end_asked_steady_ms >= patience_ms;
    } else if (now_ms >= ask_at_ms_ && slot_time_ms - partition.sweep_time_ms() > interval) {
      partition.ask_end(slot_time_ms, now_ms);
      asked.push_back({tp, partition.fetch_from()});
    }
  }
  if (asked.empty()) return {};
  ask_at_ms_ = now_ms + interval;
  return context_.consumer.rewind(asked);
}

}  // namespace firstseen::dedup
