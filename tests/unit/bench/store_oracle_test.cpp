#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "bench/store/contestants.h"
#include "bench/store/lane.h"
#include "bench/store/oracle.h"
#include "support/temporary_directory.h"

namespace firstseen::bench {
namespace {

constexpr Workload half{.window = 20'000, .batch = 100, .duplicates = 50};

TEST(StoreWorkload, RepeatsReachTheWholeWindowAndALittleBeyondIt) {
  std::array<std::uint64_t, 4> quarters{};
  std::uint64_t too_late = 0;
  std::uint64_t repeats = 0;
  for (std::uint64_t i = half.reach(); i < 10 * half.window; ++i) {
    const std::uint64_t number = key_number(half, i);
    ASSERT_LE(number, i);
    if (number == i) continue;
    ++repeats;
    ASSERT_LE(i - number, half.reach());
    ASSERT_EQ(key_number(half, number), number) << "a repeat of a key that there is";
    if (i - number > half.window) {
      ++too_late;
    } else {
      ++quarters[(i - number - 1) * quarters.size() / half.window];
    }
  }
  const std::uint64_t all = 10 * half.window - half.reach();
  EXPECT_NEAR(static_cast<double>(repeats), static_cast<double>(all) / 2, static_cast<double>(all) / 100);
  EXPECT_GT(too_late, 0U);
  const auto [least, most] = std::minmax_element(quarters.begin(), quarters.end());
  EXPECT_LT(*most - *least, *least / 10) << "uniformly";
}

TEST(StoreOracle, SaysWhatTheRuleSays) {
  Oracle oracle(half);
  std::unordered_map<std::uint64_t, std::uint64_t> accepted;  // by number, the time
  std::uint64_t again = 0;
  for (std::uint64_t i = 0; i < 10 * half.window; ++i) {
    const std::uint64_t number = key_number(half, i);
    const auto known = accepted.find(number);
    const bool first = known == accepted.end() || i - known->second > half.window;
    again += first && known != accepted.end() ? 1U : 0U;
    ASSERT_EQ(oracle.first_seen(i), first) << i;
    if (first) accepted[number] = i;
  }
  EXPECT_GT(again, 0U) << "some are accepted a second time";
}

TEST(StoreOracle, TheFillingLeavesWhatWasAccepted) {
  Workload workload = half;
  workload.window = 20'050;  // the last batch goes beyond it
  Oracle oracle(workload);
  std::unordered_map<std::uint64_t, std::int64_t> accepted;
  for (std::uint64_t i = 0; i < workload.filling(); ++i) {
    if (oracle.first_seen(i)) accepted[key_number(workload, i)] = static_cast<std::int64_t>(i);
  }
  std::vector<std::int64_t> times;
  for (const auto& [number, time_ms] : accepted) times.push_back(time_ms);
  std::vector<std::int64_t> left;
  for (const Message& message : left_by_filling(workload)) left.push_back(message.time_ms);
  std::sort(times.begin(), times.end());
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, times);
}

TEST(StoreOracle, FindsTheStoreExact) {
  const test::TemporaryDirectory directory;
  Lane lane("store", half, make_seen_store(directory.path() / "seen", half, store::Durability::process_crash));
  lane.fill();
  while (lane.decided() < 3 * half.window) lane.run(0.01, false);
  lane.release();
  EXPECT_EQ(lane.answered(), lane.decided() + half.filling());
  EXPECT_EQ(lane.wrong_answers(), 0U);
}

/// Remembers for another time than it should.
class Forgetful final : public Contestant {
 public:
  explicit Forgetful(std::uint64_t ttl) : ttl_(static_cast<std::int64_t>(ttl)) {}
  void decide(std::span<const Message> messages, std::span<std::uint8_t> first_seen) override {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto [known, added] = seen_.try_emplace(messages[i].digest, messages[i].time_ms);
      const bool first = added || messages[i].time_ms - known->second > ttl_;
      if (first) known->second = messages[i].time_ms;
      first_seen[i] = first ? 1 : 0;
    }
  }
  [[nodiscard]] Size size() const override { return {}; }

 private:
  std::int64_t ttl_;
  std::unordered_map<Digest, std::int64_t, DigestHash> seen_;
};

std::uint64_t wrong_answers_with_ttl(std::uint64_t ttl) {
  Lane lane("forgetful", half, std::make_unique<Forgetful>(ttl));
  lane.fill();
  while (lane.decided() < half.window) lane.run(0.01, false);
  return lane.wrong_answers();
}

TEST(StoreOracle, CatchesKeysThatGoEarlyOrStayTooLong) {
  EXPECT_EQ(wrong_answers_with_ttl(half.window), 0U);
  EXPECT_GT(wrong_answers_with_ttl(half.window - half.batch), 0U);
  EXPECT_GT(wrong_answers_with_ttl(half.window + half.batch), 0U);
}

}  // namespace
}  // namespace firstseen::bench
