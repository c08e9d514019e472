#pragma once

#include "base/clock.h"

namespace firstseen::simulation {

/// Time under the simulation's control. The broker's clock is right; the slot's wall clock may be wrong by any amount.
class SimClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return true_ms() + wall_error_ms_; }
  [[nodiscard]] std::int64_t steady_ms() const override { return steady_ms_; }
  /// What a right clock shows: the brokers and the producers of the input use it.
  [[nodiscard]] std::int64_t true_ms() const { return start_ms + steady_ms_; }

  void advance(std::int64_t ms) { steady_ms_ += ms; }
  void set_wall_error(std::int64_t ms) { wall_error_ms_ = ms; }

  static constexpr std::int64_t start_ms = 1'800'000'000'000;

 private:
  std::int64_t steady_ms_ = 0;
  std::int64_t wall_error_ms_ = 0;
};

}  // namespace firstseen::simulation
