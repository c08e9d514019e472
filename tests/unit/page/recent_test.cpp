#include "recent.h"

#include <gtest/gtest.h>

#include "page/chart.h"

namespace firstseen {
namespace {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return 1'700'000'000'000 + now + set; }
  [[nodiscard]] std::int64_t steady_ms() const override { return now; }
  std::int64_t now = 5'000;
  std::int64_t set = 0;
};

dedup::SlotStatus counters(std::uint64_t consumed, std::uint64_t duplicates = 0) {
  dedup::SlotStatus made;
  made.counters.consumed = consumed;
  made.counters.duplicates = duplicates;
  return made;
}

TEST(Recent, KeepsASampleEveryTenSecondsForAnHour) {
  FakeClock clock;
  Recent recent(clock);
  for (std::uint64_t second = 0; second <= 4'000; ++second, clock.now += 1'000) recent.sample(counters(second));
  const auto samples = recent.samples();
  ASSERT_EQ(samples.size(), Recent::samples_kept);
  EXPECT_EQ(samples.back().consumed - samples.front().consumed, 3'600U);
  EXPECT_EQ(samples[1].time_ms - samples[0].time_ms, 10'000);
}

TEST(Recent, KeepsTheLastWarningsAndErrorsCutToALength) {
  FakeClock clock;
  Recent recent(clock);
  recent.note(LogLevel::info, "not kept");
  recent.note(LogLevel::debug, "not kept");
  for (int number = 0; number < 25; ++number) recent.note(LogLevel::warning, std::to_string(number));
  recent.note(LogLevel::error, std::string(5'000, 'x'));
  const auto events = recent.events();
  ASSERT_EQ(events.size(), Recent::events_kept);
  EXPECT_EQ(events.front().text, "6");
  EXPECT_EQ(events.back().level, LogLevel::error);
  EXPECT_EQ(events.back().text.size(), Recent::longest_event);
}

TEST(Recent, RepeatsOfAnEventAreOneOfTheLastTimeWithTheirNumber) {
  FakeClock clock;
  Recent recent(clock);
  recent.note(LogLevel::error, "orders [0] offset 17 is rejected");
  recent.note(LogLevel::error, "orders [1] offset 17 is rejected");
  for (int turn = 0; turn < 1'000; ++turn, clock.now += 5'000) {
    recent.note(LogLevel::warning, "no space left; trying again in " + std::to_string(100 + turn) + " ms");
    recent.note(LogLevel::warning, "paused: no space left");
  }
  const auto events = recent.events();
  ASSERT_EQ(events.size(), 4U) << "a full disk leaves the others where they are";
  EXPECT_EQ(events[0].text, "orders [0] offset 17 is rejected");
  EXPECT_EQ(events[2].text, "no space left; trying again in 1099 ms [1000 times since 2023-11-14T22:13:25.000Z]");
  EXPECT_EQ(events[2].time_ms - events[0].time_ms, 999 * 5'000);
  EXPECT_EQ(recent.history().events[3].text, "paused: no space left [1000 times since 2023-11-14T22:13:25.000Z]");
}

TEST(Recent, SamplesSumLagsThatAreKnownAndCountKeysWhateverBecameOfThem) {
  FakeClock clock;
  Recent recent(clock);
  dedup::SlotStatus status;
  recent.sample(status);
  clock.now += 10'000;
  status.partitions.resize(3);
  status.partitions[0].lag = 4;
  status.partitions[2].lag = 5;
  status.store.live_entries = 100;
  status.store.expired_entries = 20;
  status.store.evicted_entries = 3;
  status.store.newest_time_ms = 77;
  recent.sample(status);
  const auto samples = recent.samples();
  EXPECT_EQ(samples[0].lag, -1) << "none is assigned";
  EXPECT_EQ(samples[1].lag, 9);
  EXPECT_EQ(samples[1].keys_added, 123U);
  EXPECT_EQ(samples[1].newest_key_ms, 77);
  EXPECT_EQ(page::lags_of(samples), page::Series{9});
}

TEST(Latencies, AreMeansOfTheMessagesBetweenTwoSamples) {
  std::vector<Sample> samples(3);
  samples[1].timed = samples[2].timed = 4;
  samples[1].latency_s = samples[2].latency_s = 0.1;
  EXPECT_EQ(page::latencies_of(samples), (page::Series{25, std::nullopt})) << "no message, no latency";
}

TEST(Rates, AreThoseBetweenTwoSamples) {
  FakeClock clock;
  Recent recent(clock);
  recent.sample(counters(0));
  clock.now += 10'000;
  recent.sample(counters(5'000, 1'000));
  clock.now += 20'000;
  recent.sample(counters(5'000, 1'000));
  const auto samples = recent.samples();
  EXPECT_EQ(page::rates_of(samples), (page::Series{500, 0}));
  EXPECT_EQ(page::duplicate_shares_of(samples), (page::Series{20, std::nullopt})) << "no message, no share";
}

TEST(Rates, AreLeftOutWhereTheClockWasSetBack) {
  FakeClock clock;
  Recent recent(clock);
  recent.sample(counters(0));
  clock.now += 10'000;
  clock.set = -60'000;
  recent.sample(counters(100));
  EXPECT_EQ(page::rates_of(recent.samples()), page::Series{std::nullopt});
}

TEST(Chart, ScalesToItsLargestValueAndBreaksTheLineWhereNothingIsKnown) {
  const std::string svg = page::chart("messages", "per second", {100, std::nullopt, 50});
  EXPECT_NE(svg.find("messages: 50 per second, at most 100<"), std::string::npos) << svg;
  EXPECT_NE(svg.find("<polyline points=\"357,0.0 358,0.0 \"/>"), std::string::npos) << svg;
  EXPECT_NE(svg.find("<polyline points=\"359,50.0 360,50.0 \"/>"), std::string::npos) << svg;
  EXPECT_NE(page::chart("m", "u", {}).find("m: - u"), std::string::npos);
  EXPECT_EQ(page::chart("m", "u", {0, 0}).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace firstseen
