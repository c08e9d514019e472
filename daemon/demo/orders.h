#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace firstseen::demo {

/// The JSON value of an order; the same for the same seed and number.
std::string order_value(std::uint64_t seed, std::uint64_t number);

/// The number of the order in a value made by order_value().
std::optional<std::uint64_t> order_number(std::string_view value);

/// An at-least-once stream of orders by seed: mostly new ones, besides retries (one of the last few orders again) and
/// replays (a run of older orders again, as after a producer's restart).
class OrderStream {
 public:
  /// `duplicates` is the share of repeated messages, 0 to below 1.
  OrderStream(std::uint64_t seed, double duplicates) : random_(seed), duplicates_(duplicates) {}

  /// The number of the order to be sent now.
  std::uint64_t next();
  /// How many different orders next() has returned: numbers from 0.
  [[nodiscard]] std::uint64_t distinct() const { return distinct_; }

 private:
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }

  std::mt19937_64 random_;
  double duplicates_;
  std::uint64_t distinct_ = 0;
  std::uint64_t replay_from_ = 0;
  std::uint64_t replay_left_ = 0;
};

}  // namespace firstseen::demo
