#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "dedup/status.h"

namespace firstseen {

/// A warning or an error, as logged; repeats (log_subject) are one, of the last one's time.
struct Event {
  std::int64_t time_ms = 0;  ///< wall clock
  LogLevel level = LogLevel::warning;
  std::string text;  ///< of repeats the last one's, with their number and since when
};

/// A status at one moment, as far as its course is of interest.
struct Sample {
  std::int64_t time_ms = 0;  ///< wall clock
  std::uint64_t consumed = 0;
  std::uint64_t duplicates = 0;
  std::int64_t lag = -1;            ///< messages, of all partitions for which it is known; -1: of none
  std::uint64_t timed = 0;          ///< messages whose latency was measured
  double latency_s = 0;             ///< their sum
  std::uint64_t keys_added = 0;     ///< to the store since it was opened, those included that were there
  std::int64_t newest_key_ms = -1;  ///< stream time; -1: the store is empty
};

/// What of the past a status is told with.
struct History {
  std::vector<Sample> samples = {};  ///< of the last hour, oldest first
  std::vector<Event> events = {};    ///< the last warnings and errors, oldest first
};

/// What people want to see beside the present: samples of the last hour, the last warnings and errors. Thread-safe.
class Recent {
 public:
  static constexpr std::int64_t sample_every_ms = 10'000;
  static constexpr std::size_t samples_kept = 361;  ///< the ends of 360 spans: an hour
  static constexpr std::size_t events_kept = 20;
  static constexpr std::size_t longest_event = 1'000;  ///< bytes of the line; what is beyond is cut off

  explicit Recent(const Clock& clock) : clock_(clock) {}

  /// Keeps a sample, unless the last one is younger than sample_every_ms.
  void sample(const dedup::SlotStatus& status);
  /// Keeps warnings and errors.
  void note(LogLevel level, const std::string& text);

  /// Oldest first.
  [[nodiscard]] std::vector<Sample> samples() const;
  [[nodiscard]] std::vector<Event> events() const;
  [[nodiscard]] History history() const;
  /// How often something has been kept; see Board::changes().
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  struct Kept {
    std::string subject;
    Event event;
    std::int64_t first_ms = 0;
    std::uint64_t times = 1;
  };
  [[nodiscard]] std::vector<Event> told_events() const;

  const Clock& clock_;
  std::atomic<std::uint64_t> changes_ = 0;
  mutable std::mutex mutex_;
  std::int64_t sampled_at_ms_ = 0;  // steady; this and what follows guarded by mutex_
  std::deque<Sample> samples_;
  std::deque<Kept> events_;
};

}  // namespace firstseen
