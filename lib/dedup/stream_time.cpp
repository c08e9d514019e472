#include "dedup/stream_time.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/time_text.h"
#include "dedup/partition.h"

namespace firstseen::dedup {

std::string unset_clock(std::int64_t wall_ms) {
  if (wall_ms >= earliest_believable_ms) return {};
  return fmt::format(
      "this machine's clock shows {}, so it has not been set: no key is recorded by it, since all of them would look "
      "older than the window when it is. Set it (NTP: timedatectl, chronyc tracking)",
      format_time(std::max<std::int64_t>(0, wall_ms)));
}

std::string clock_was_behind(const TopicPartition& tp) {
  return fmt::format(
      "{}: this machine's clock was behind when messages were recorded, and has been set since: their keys look older "
      "than they are, so the window is covered only from behind them; until it is whole what repeats an older key is "
      "published. Other partitions may be affected, too: the status shows how much is covered. Check this machine's "
      "clock (NTP: timedatectl, chronyc tracking)",
      to_string(tp));
}

bool is_ahead_of_clock(const store::PartitionState& state, std::int64_t wall_ms, Millis max_skew) {
  constexpr Millis least{1'000};  // a clock is set by so little all the time, and max_skew may be 0
  return state.stream_time_ms > time_after(time_after(wall_ms, max_skew), std::max(max_skew, least));
}

std::string ahead_of_clock(const TopicPartition& tp, std::int64_t stream_time_ms, std::int64_t wall_ms) {
  return fmt::format(
      "{}: stream time is {}, but this machine's clock shows {}: it is behind, or was ahead and has been set back. "
      "If it is wrong, set it (NTP: timedatectl, chronyc tracking). If it is right, restart firstseen: the stream time,"
      " which else may run on, then stands still until the clock has come there; until then what other partitions "
      "repeat may be published again",
      to_string(tp), format_time(stream_time_ms), format_time(std::max<std::int64_t>(0, wall_ms)));
}

bool StreamTime::set_clocks(const store::PartitionState& state, std::int64_t wall_ms, std::int64_t steady_ms,
                            Millis max_skew) {
  steady_ms_ = steady_ms;
  if (!first_ms_) first_ms_ = wall_ms - steady_ms;
  const std::int64_t first_limit_ms = time_after(*first_ms_ + steady_ms, max_skew);
  limit_ms_ = std::max(time_after(wall_ms, max_skew), std::min(reached_ms_ + steady_ms, first_limit_ms));
  return find_behind(state, max_skew);
}

/// What was clipped to some stream time has become believable sooner than time has passed: the clock was set. Silence
/// after a timestamp that was wrong itself is told from that by the steady clock; across a restart, where nobody knows
/// how long it took, by nothing: then the shorter window is told rather than the loss kept silent.
bool StreamTime::find_behind(const store::PartitionState& state, Millis max_skew) {
  if (state.stream_time_ms < 0) return false;
  const bool here = refused_ms_ >= 0;
  const std::int64_t refused = here ? refused_ms_ : state.last.timestamp_ms;
  if (!here && refused > limit_ms_) return false;
  const std::int64_t clipped_to = here ? clipped_ms_ + steady_ms_ : state.stream_time_ms;
  const std::int64_t believed = std::min(refused, limit_ms_);
  if (believed - clipped_to <= max_skew.count()) return false;
  behind_ms_ = std::max(behind_ms_, believed + 1);
  refused_ms_ = -1;
  return true;
}

bool StreamTime::observe(store::PartitionState& state, std::int64_t timestamp_ms) {
  const std::int64_t believed_ms = std::max(std::min(timestamp_ms, limit_ms_), std::int64_t{0});
  state.stream_time_ms = std::max(state.stream_time_ms, believed_ms);
  reached_ms_ = std::max(reached_ms_, believed_ms - steady_ms_);
  if (state.covered_from_ms == nothing_covered) state.covered_from_ms = state.stream_time_ms;
  // Step by step: messages far behind may come first, and a clock may be wrong in the other direction.
  if (behind_ms_ > state.covered_from_ms) {
    state.covered_from_ms = std::max(state.covered_from_ms, std::min(behind_ms_, state.stream_time_ms));
  }
  if (timestamp_ms <= limit_ms_) return false;
  refused_ms_ = std::max(refused_ms_, timestamp_ms);
  clipped_ms_ = state.stream_time_ms - steady_ms_;
  return true;
}

}  // namespace firstseen::dedup
