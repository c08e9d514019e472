#include "demo/orders.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace firstseen::demo {
namespace {

constexpr std::string_view value_begin = R"({"order":{"id":)";
constexpr std::uint64_t retry_reach = 50;
constexpr std::uint64_t longest_replay = 500;
/// One replay for so many retries; with replays of 250 messages on average, about half of the duplicates come by each.
constexpr std::uint64_t retries_per_replay = 250;

/// SplitMix64's finalizer: spreads neighbouring numbers over 64 bits.
std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111ebULL;
  return number ^ (number >> 31U);
}

}  // namespace

std::string order_value(std::uint64_t seed, std::uint64_t number) {
  static constexpr std::array<std::string_view, 4> products{"espresso cups", "desk lamp", "bicycle bell", "notebook"};
  static constexpr std::array<std::string_view, 4> cities{"Lyon", "Graz", "Porto", "Gdansk"};
  const std::uint64_t facts = mixed(seed + number);
  return fmt::format(R"({}{},"region":"eu"}},"customer":{{"id":{},"city":"{}"}},)"
                     R"("items":[{{"product":"{}","quantity":{},"price":{}.{:02}}}],"currency":"EUR","paid":{}}})",
                     value_begin, number, facts % 1'000'000, cities[facts >> 8U & 3U], products[facts >> 10U & 3U],
                     1 + (facts >> 12U) % 9, 1 + (facts >> 20U) % 500, (facts >> 32U) % 100, (facts & 1U) != 0);
}

std::optional<std::uint64_t> order_number(std::string_view value) {
  if (!value.starts_with(value_begin)) return std::nullopt;
  value.remove_prefix(value_begin.size());
  std::uint64_t number = 0;
  if (std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

std::uint64_t OrderStream::next() {
  if (replay_left_ > 0) {
    --replay_left_;
    return replay_from_++;
  }
  // A duplicate by chance is a retry or begins a replay, whose other messages are duplicates without chance: the share
  // of chances is lower than that of duplicates by the length of what one chance brings.
  const double per_chance = 1.0 + static_cast<double>(longest_replay) / 2 / static_cast<double>(retries_per_replay);
  const double chance = duplicates_ / (duplicates_ + per_chance * (1.0 - duplicates_));
  if (distinct_ == 0 || !std::bernoulli_distribution(chance)(random_)) return distinct_++;
  if (distinct_ > longest_replay && below(retries_per_replay) == 0) {
    replay_from_ = below(distinct_ - longest_replay);
    replay_left_ = 1 + below(longest_replay);
  }
  return distinct_ - 1 - below(std::min(distinct_, retry_reach));
}

}  // namespace firstseen::demo
