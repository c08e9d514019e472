#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/histogram.h"

namespace firstseen::dedup {

/// What a batch goes through, as far as it is measured; README.md says what each takes in.
enum class BatchStep : std::uint8_t { take, derive, decide, publish, prepare, commit };
inline constexpr std::array<std::string_view, 6> batch_step_names{"take",    "derive",  "decide",
                                                                  "publish", "prepare", "commit"};

/// What one batch has spent, in nanoseconds.
class StepTimes {
 public:
  std::int64_t& operator[](BatchStep step) { return ns_[static_cast<std::size_t>(step)]; }
  [[nodiscard]] std::span<const std::int64_t> all() const { return ns_; }

 private:
  std::array<std::int64_t, batch_step_names.size()> ns_{};
};

/// The timestamps of a batch's messages, until it is known when it was committed. Most messages share theirs with the
/// one before.
class Timestamps {
 public:
  struct Run {
    std::int64_t timestamp_ms = 0;
    std::uint64_t messages = 0;
  };

  void add(std::int64_t timestamp_ms) {
    if (timestamp_ms < 1) return;  // it has none
    if (runs_.empty() || runs_.back().timestamp_ms != timestamp_ms) runs_.push_back({timestamp_ms, 0});
    ++runs_.back().messages;
  }
  [[nodiscard]] std::span<const Run> runs() const { return runs_; }
  /// Keeps the memory.
  void clear() { runs_.clear(); }

 private:
  std::vector<Run> runs_;
};

/// Upper bounds, in seconds, from the latency of a stream that keeps up to that of one that is hours behind.
inline constexpr std::array<double, 17> latency_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,    2.5,
                                                       5,     10,   30,    60,   300, 900,  3600, 14400};

/// Distributions over settled batches: of each step's duration one value per batch, of the latency one per message.
struct Measures {
  std::array<Histogram, batch_step_names.size()> steps;
  Histogram latency{latency_bounds};

  /// A batch was settled at this time of the wall clock.
  void settle(const StepTimes& times, const Timestamps& timestamps, std::int64_t now_ms);
};

}  // namespace firstseen::dedup
