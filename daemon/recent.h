#pragma once

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

/// A warning or an error, as logged.
struct Event {
  std::int64_t time_ms = 0;  ///< wall clock
  LogLevel level = LogLevel::warning;
  std::string text;
};

/// The counters at one moment.
struct Sample {
  std::int64_t time_ms = 0;  ///< wall clock
  std::uint64_t consumed = 0;
  std::uint64_t duplicates = 0;
};

/// What people want to see of the last hour: samples of the counters, and the last warnings and errors. Thread-safe.
class Recent {
 public:
  static constexpr std::int64_t sample_every_ms = 10'000;
  static constexpr std::size_t samples_kept = 361;  ///< the ends of 360 spans: an hour
  static constexpr std::size_t events_kept = 20;
  static constexpr std::size_t longest_event = 1'000;  ///< bytes; what is beyond is cut off

  explicit Recent(const Clock& clock) : clock_(clock) {}

  /// Keeps the counters, unless the last sample is younger than sample_every_ms.
  void sample(const dedup::Counters& counters);
  /// Keeps warnings and errors.
  void note(LogLevel level, const std::string& text);

  /// Oldest first.
  [[nodiscard]] std::vector<Sample> samples() const;
  [[nodiscard]] std::vector<Event> events() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::int64_t sampled_at_ms_ = 0;  // steady; this and what follows guarded by mutex_
  std::deque<Sample> samples_;
  std::deque<Event> events_;
};

}  // namespace firstseen
