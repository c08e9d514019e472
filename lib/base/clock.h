#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace firstseen {

using Millis = std::chrono::milliseconds;

/// A time and a duration after it, neither negative; the last millisecond there is where their sum is beyond it, so
/// that a duration may be Millis::max().
inline std::int64_t time_after(std::int64_t time_ms, Millis duration) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(time_ms, duration.count(), &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

/// Time as the core sees it. The core never calls now() itself, so that tests and the simulation own the time.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the Unix epoch, UTC; may jump when somebody sets the clock.
  [[nodiscard]] virtual std::int64_t wall_ms() const = 0;
  /// Milliseconds since an arbitrary start; never goes back.
  [[nodiscard]] virtual std::int64_t steady_ms() const = 0;
  /// The same in nanoseconds, to measure what takes less; no finer than steady_ms() where a clock knows nothing finer.
  [[nodiscard]] virtual std::int64_t steady_ns() const { return steady_ms() * 1'000'000; }
};

/// The machine's clocks (CLOCK_REALTIME, CLOCK_MONOTONIC). Thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override {
    return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  [[nodiscard]] std::int64_t steady_ms() const override {
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  [[nodiscard]] std::int64_t steady_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

/// Adds the time that it lives to a sum.
class Timing {
 public:
  Timing(const Clock& clock, std::int64_t& sum_ns) : clock_(clock), sum_ns_(sum_ns), begun_ns_(clock.steady_ns()) {}
  ~Timing() { sum_ns_ += clock_.steady_ns() - begun_ns_; }
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;
  Timing(Timing&&) = delete;
  Timing& operator=(Timing&&) = delete;

 private:
  const Clock& clock_;
  std::int64_t& sum_ns_;
  std::int64_t begun_ns_;
};

}  // namespace firstseen
