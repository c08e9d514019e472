#include "forecast.h"

#include <gtest/gtest.h>

#include "support/windows_of_rules.h"

namespace firstseen {
namespace {

constexpr double hour_ms = 3'600'000;

TEST(FullIn, IsNeverWhereAWholeWindowFits) {
  const StoredKeys stored{.keys = 100, .bytes_per_key = 20, .span_ms = 1'000};
  EXPECT_EQ(full_in_ms(stored, 1, 1'000, 20'000), std::nullopt);
  EXPECT_NE(full_in_ms(stored, 1.001, 1'000, 20'000), std::nullopt);
}

TEST(FullIn, CountsNewKeysAloneUntilTheFirstLeave) {
  const StoredKeys stored{.keys = 400, .bytes_per_key = 20, .span_ms = 400};
  EXPECT_EQ(full_in_ms(stored, 1, 1'000, 20 * 900), 500);
}

TEST(FullIn, TakesOffKeysAsTheyLeave) {
  // Twice as many come as came before: 1,000 in 1,000 ms. For each that leaves two come.
  const StoredKeys stored{.keys = 1'000, .bytes_per_key = 20, .span_ms = 1'000};
  EXPECT_EQ(full_in_ms(stored, 2, 1'000, 20 * 1'500), 500);
  EXPECT_EQ(full_in_ms(stored, 2, 1'000, 20 * 1'999.0), 999);
}

TEST(FullIn, IsNowWhenItIsFull) {
  const StoredKeys stored{.keys = 1'000, .bytes_per_key = 20, .span_ms = 500};
  EXPECT_EQ(full_in_ms(stored, 2, 1'000, 20 * 1'000), 0);
}

TEST(FullIn, IsWithinTheWindowWhateverThereIs) {
  for (const double keys : {1.0, 50.0, 999.0}) {
    for (const double span : {0.0, 1.0, 700.0, 1'000.0}) {
      for (const double rate : {1.01, 3.0, 1e6}) {
        const auto full = full_in_ms({.keys = keys, .bytes_per_key = 1, .span_ms = span}, rate, 1'000, 1'000);
        ASSERT_TRUE(full) << keys << ' ' << span << ' ' << rate;
        EXPECT_GE(*full, 0) << keys << ' ' << span << ' ' << rate;
        EXPECT_LE(*full, 1'000) << keys << ' ' << span << ' ' << rate;
      }
    }
  }
}

/// 100,000 keys of half an hour, 20 bytes each, and a window of an hour.
dedup::SlotStatus half_a_window() {
  dedup::SlotStatus status;
  status.configured_window_ms = static_cast<std::int64_t>(hour_ms);
  status.store.live_entries = 100'000;
  status.store.used_bytes = 2'000'000;
  status.store.file_bytes = 2'500'000;
  status.store.max_size_bytes = 10'000'000;
  status.store.oldest_time_ms = 1'000'000;
  status.store.newest_time_ms = 1'000'000 + 1'800'000;
  status.store.disk_free_bytes = 1LL << 40U;
  return status;
}

/// A minute apart by the clock; so many new keys in so much of the stream's time.
std::vector<Sample> apart(std::uint64_t keys, std::int64_t stream_ms) {
  std::vector<Sample> samples(2);
  samples[0].time_ms = 5'000'000;
  samples[1].time_ms = 5'060'000;
  samples[0].newest_key_ms = 1'000'000;
  samples[1].newest_key_ms = 1'000'000 + stream_ms;
  samples[0].keys_added = 7;
  samples[1].keys_added = 7 + keys;
  return samples;
}

TEST(Forecast, SaysThatAWindowFitsOrWhenItNoLongerDoes) {
  auto forecast = forecast_of(half_a_window(), apart(6'000, 60'000));
  ASSERT_TRUE(forecast);
  EXPECT_DOUBLE_EQ(forecast->keys_per_s, 100);
  EXPECT_DOUBLE_EQ(forecast->full_window_bytes, 100 * 3'600 * 20);
  EXPECT_EQ(forecast->full_in_ms, std::nullopt);
  EXPECT_EQ(to_words(*forecast), "fits: at 100 keys/s a window of 1h takes 6.87 MiB");

  forecast = forecast_of(half_a_window(), apart(60'000, 60'000));
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->full_in_ms, 400'000);
  EXPECT_EQ(to_words(*forecast), "full in 6.67 min: at 1,000 keys/s a window of 1h takes 68.7 MiB of 9.54 MiB");
}

TEST(Forecast, GoesByTheTimeOfTheStreamWhichABacklogPassesFaster) {
  const auto forecast = forecast_of(half_a_window(), apart(60'000, 600'000));
  ASSERT_TRUE(forecast);
  EXPECT_DOUBLE_EQ(forecast->keys_per_s, 100);
}

TEST(Forecast, SaysThatTheDiskIsTooSmall) {
  dedup::SlotStatus status = half_a_window();
  status.store.disk_free_bytes = 1'000'000;
  const auto forecast = forecast_of(status, apart(6'000, 60'000));
  ASSERT_TRUE(forecast);
  EXPECT_TRUE(forecast->beyond_disk);
  EXPECT_NE(to_words(*forecast).find("the disk has not that much free"), std::string::npos);
}

TEST(Forecast, OfAStreamThatStandsStillFits) {
  const auto forecast = forecast_of(half_a_window(), apart(0, 0));
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->keys_per_s, 0);
  EXPECT_EQ(forecast->full_in_ms, std::nullopt);
}

TEST(Forecast, IsNotMadeOfTooLittle) {
  EXPECT_FALSE(forecast_of(half_a_window(), {}));
  EXPECT_FALSE(forecast_of(half_a_window(), std::vector<Sample>(1)));
  EXPECT_FALSE(forecast_of(half_a_window(), apart(100, 500))) << "half a second of the stream";
  EXPECT_FALSE(forecast_of({}, apart(6'000, 60'000))) << "an empty store";
  dedup::SlotStatus status = half_a_window();
  status.store.live_entries = 999;
  EXPECT_FALSE(forecast_of(status, apart(6'000, 60'000)));
  status = half_a_window();
  test::add_windows_of_rules(status);
  status.store.live_entries = 100'000;
  EXPECT_FALSE(forecast_of(status, apart(6'000, 60'000))) << "several windows";
}

}  // namespace
}  // namespace firstseen
