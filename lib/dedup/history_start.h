#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/error.h"
#include "base/message.h"
#include "dedup/options.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// Finds the offset from which missing history must be read so that the whole window before `end` is known; of several
/// windows the longest.
///
/// The window ends at the stream time at `end`, the highest timestamp in front of it. That time is found by bisection
/// over Kafka's time index (the largest T for which the first offset at or after T lies before `end`), to a thousandth
/// of the window or one second, whichever is less, always erring towards more history.
class HistoryStart {
 public:
  /// `lower`: nothing before it is wanted or there.
  HistoryStart(kafka::Consumer& consumer, const SlotOptions& options, const Clock& clock, TopicPartition tp,
               std::int64_t lower, std::int64_t end);

  /// One question to the broker. done: from() and covers_window() are known.
  Result<kafka::Progress> step();
  /// The last question had no answer.
  [[nodiscard]] bool unanswered() const { return unanswered_; }

  [[nodiscard]] std::int64_t from() const { return from_; }
  /// The window, not `lower`, bounds the history; covered_from_ms() is its beginning.
  [[nodiscard]] bool covers_window() const { return covers_window_; }
  [[nodiscard]] std::int64_t covered_from_ms() const { return low_ms_ - ttl_ms_; }
  /// The window's end is not before this; 0: not known, since the log has less than the window.
  [[nodiscard]] std::int64_t ends_after_ms() const { return low_ms_; }

 private:
  enum class Phase { whole, bisect, begin, found };
  [[nodiscard]] std::int64_t question() const;
  void answer(std::int64_t offset);

  kafka::Consumer& consumer_;
  bool by_wall_clock_;
  TopicPartition tp_;
  std::int64_t lower_;
  std::int64_t end_;
  std::int64_t ttl_ms_;
  std::int64_t precision_ms_;
  std::int64_t low_ms_ = 0;  ///< the stream time at `end` is at least this
  std::int64_t high_ms_;     ///< and below this
  Phase phase_ = Phase::whole;
  std::int64_t from_ = 0;
  bool covers_window_ = false;
  bool unanswered_ = false;
};

}  // namespace firstseen::dedup
