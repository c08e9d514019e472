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

/// A log in which warnings and errors that say the same (log_subject) come once a minute: the first at once, and then
/// the last of those held back, with its time and their number, so that a failure that lasts does not fill it. Other
/// lines all come at once. What is held back at the end is told then, unless the process is killed. Thread-safe.
class Repeats {
 public:
  static constexpr Millis interval{60'000};

  Repeats(const Clock& clock, LogSink sink) : clock_(clock), sink_(std::move(sink)) {}
  ~Repeats() { tell_all(); }
  Repeats(const Repeats&) = delete;
  Repeats& operator=(const Repeats&) = delete;
  Repeats(Repeats&&) = delete;
  Repeats& operator=(Repeats&&) = delete;

  void log(LogLevel level, const std::string& text);
  /// Tells what was held back for long enough; to be called now and then.
  void tell_due();
  /// Tells all that was held back; what comes next is a first one.
  void tell_all();

 private:
  struct Line {
    LogLevel level = LogLevel::info;
    std::string text;
    std::int64_t at_ms = 0;
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
