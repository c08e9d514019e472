#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>

namespace firstseen {

/// Upper bounds, in seconds, for work that takes from less than a millisecond to many seconds.
inline constexpr std::array<double, 14> duration_bounds{0.00025, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                        0.1,     0.25,  0.5,    1,     2.5,  5,     10};

/// How many observations fell into each of a few buckets, and their sum: what Prometheus calls a histogram. Its size is
/// fixed, so a copy is cheap. One thread at a time.
class Histogram {
 public:
  static constexpr std::size_t most_bounds = 20;

  /// `bounds`: upper ends of the buckets, each in its bucket, ascending; they live for ever. Beyond the last one there
  /// is one more bucket.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds.first(std::min(bounds.size(), most_bounds))) {}

  /// For durations.
  Histogram() : Histogram(duration_bounds) {}

  void observe(double value, std::uint64_t times = 1) {
    counts_[bucket_of(value)] += times;
    sum_ += value * static_cast<double>(times);
  }

  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  /// By bucket; one more than there are bounds.
  [[nodiscard]] std::span<const std::uint64_t> counts() const { return std::span(counts_).first(bounds_.size() + 1); }
  [[nodiscard]] std::uint64_t count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }
  [[nodiscard]] double sum() const { return sum_; }
  /// The smallest bound that `share` (0 to 1) of the observations do not exceed; nothing: there are none, or it lies
  /// beyond the last bound.
  [[nodiscard]] std::optional<double> bound_of(double share) const {
    const double wanted = share * static_cast<double>(count());
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return bounds_[i];
    }
    return std::nullopt;
  }

 private:
  /// Most values fall where the last one did.
  std::size_t bucket_of(double value) {
    const bool below = last_ == bounds_.size() || value <= bounds_[last_];
    const bool above = last_ == 0 || value > bounds_[last_ - 1];
    if (!below || !above) {
      last_ = static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
    }
    return last_;
  }

  std::span<const double> bounds_;
  std::array<std::uint64_t, most_bounds + 1> counts_{};
  double sum_ = 0;
  std::size_t last_ = 0;
};

}  // namespace firstseen
