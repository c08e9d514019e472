#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/rate_limiter.h"

namespace firstseen {

/// A log in which lines that say the same (log_subject) come once a minute: the first at once, and then the last of
/// those held back with their number, so that a failure that lasts does not fill it and no end of one is missing. Debug
/// lines are none of its business. Thread-safe.
class Repeats {
 public:
  static constexpr Millis interval{60'000};

  Repeats(const Clock& clock, LogSink sink) : clock_(clock), sink_(std::move(sink)) {}

  void log(LogLevel level, const std::string& text);
  /// Tells what was held back for long enough; to be called now and then.
  void tell_due();
  /// Tells all that was held back; what comes next is a first one.
  void tell_all();

 private:
  struct Line {
    LogLevel level = LogLevel::info;
    std::string text;
    std::uint64_t number = 0;
  };
  [[nodiscard]] RateLimiter::TimePoint now() const { return RateLimiter::TimePoint(Millis(clock_.steady_ms())); }
  void tell(const std::vector<RateLimiter::HeldBack>& ended);

  const Clock& clock_;
  const LogSink sink_;
  std::mutex mutex_;
  RateLimiter limiter_{interval};     // this and what follows guarded by mutex_
  std::map<std::string, Line> held_;  // by subject, the last of those held back
  std::uint64_t lines_ = 0;
};

}  // namespace firstseen
