#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/message.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// Only a clock that nobody has set shows less: 2024-01-01. What it would be read for waits until it is set.
inline constexpr std::int64_t earliest_believable_ms = 1'704'067'200'000;

/// What to tell a person about a clock that shows this; empty: it may be right.
std::string unset_clock(std::int64_t wall_ms);

/// Advances one partition's stream time, never ahead of this machine's clock by more than window.max_skew.
///
/// Once the stream time has come to some height, its limit rises as fast as time passes, whatever the clock shows: a
/// clock that falls behind does not hold it back. One that is behind from the beginning, or at a restart, does, and
/// nobody can tell until it is set. Then the keys of the messages that were clipped meanwhile look older than they are,
/// and the partition counts as covered only from behind them.
///
/// It rises so only as far as the clock would allow that was found at first, had it gone on evenly. One that was ahead
/// meanwhile and is set back is not carried on: the stream time stands still until the clock has come there. One that
/// was ahead from the beginning is, until a restart.
///
/// In memory, and not undone with a batch: a second attempt finds what the first has found.
class StreamTime {
 public:
  /// Reads the clocks; they hold for the messages until the next call. Returns whether keys of this partition turn out
  /// to look older than they are, by more than `max_skew`: that much a timestamp may be wrong anyway.
  bool set_clocks(const store::PartitionState& state, std::int64_t wall_ms, std::int64_t steady_ms, Millis max_skew);

  /// Takes note of a message's timestamp; a partition of which nothing is covered yet is covered from here on. Returns
  /// whether it was clipped.
  bool observe(store::PartitionState& state, std::int64_t timestamp_ms);

 private:
  bool find_behind(const store::PartitionState& state, Millis max_skew);

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min() / 2;
  std::int64_t steady_ms_ = 0;
  std::int64_t limit_ms_ = 0;
  std::optional<std::int64_t> first_ms_;  ///< wall clock less steady clock, at first
  std::int64_t reached_ms_ = never;       ///< the highest that was believed, less steady clock; not what is stored
  std::int64_t refused_ms_ = -1;          ///< the highest timestamp clipped since nothing was found; -1: none
  std::int64_t clipped_ms_ = never;       ///< stream time less steady clock, when the last one was clipped
  std::int64_t behind_ms_ = -1;           ///< covered only from this stream time on; -1: as the state says
};

/// For a person: this partition is covered from later on, and why.
std::string clock_was_behind(const TopicPartition& tp);

/// Whether the stream time is too far ahead of the clock to have come there by it: the clock was ahead, or is behind.
bool is_ahead_of_clock(const store::PartitionState& state, std::int64_t wall_ms, Millis max_skew);

/// That, for a person.
std::string ahead_of_clock(const TopicPartition& tp, std::int64_t stream_time_ms, std::int64_t wall_ms);

}  // namespace firstseen::dedup
