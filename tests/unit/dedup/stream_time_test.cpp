#include "dedup/stream_time.h"

#include <gtest/gtest.h>

#include <limits>

#include "dedup/partition.h"

namespace firstseen::dedup {
namespace {

constexpr Millis skew{300};
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();

/// A partition, with this machine's clock `wall` at a steady time of 0.
class StreamTimeTest : public testing::Test {
 protected:
  bool at(std::int64_t steady_ms) { return time.set_clocks(state, wall + steady_ms, steady_ms, skew); }
  bool take(std::int64_t timestamp_ms) {
    const bool clipped = time.observe(state, timestamp_ms);
    state.last.timestamp_ms = timestamp_ms;
    return clipped;
  }
  /// What is not in the store is forgotten.
  void restart() { time = {}; }

  std::int64_t wall = 100 * hour_ms;
  store::PartitionState state;
  StreamTime time;
};

TEST_F(StreamTimeTest, IsTheHighestTimestampSeenAndNeverGoesBack) {
  at(0);
  EXPECT_FALSE(take(1000));
  EXPECT_EQ(state.stream_time_ms, 1000);
  EXPECT_FALSE(take(400));
  EXPECT_EQ(state.stream_time_ms, 1000);
}

TEST_F(StreamTimeTest, IsNeverAheadOfTheWallClockByMoreThanTheSkew) {
  at(0);
  EXPECT_FALSE(take(wall + 300));
  EXPECT_TRUE(take(wall + 301));
  EXPECT_EQ(state.stream_time_ms, wall + 300);
  EXPECT_TRUE(take(last));
  EXPECT_EQ(state.stream_time_ms, wall + 300);
  at(50);
  EXPECT_TRUE(take(last));
  EXPECT_EQ(state.stream_time_ms, wall + 350) << "what was clipped gives no more room";
}

TEST_F(StreamTimeTest, OfMessagesWithoutTimestampIsZero) {
  at(0);
  EXPECT_FALSE(take(-1));
  EXPECT_EQ(state.stream_time_ms, 0);
}

TEST_F(StreamTimeTest, GoesOnWithTheTimeThatPassesWhenTheClockFallsBehind) {
  const std::int64_t right = wall;
  at(0);
  take(right);
  wall = 0;
  EXPECT_FALSE(at(2 * hour_ms));
  EXPECT_FALSE(take(right + 2 * hour_ms));
  EXPECT_TRUE(take(last)) << "a timestamp ahead of all clocks is clipped as ever";
  EXPECT_EQ(state.stream_time_ms, right + 2 * hour_ms);
  wall = right;
  EXPECT_FALSE(at(2 * hour_ms + 1)) << "nothing looks older than it is";
}

TEST_F(StreamTimeTest, OfAClockThatWasAheadStandsStillWhenItIsSetBack) {
  const std::int64_t right = wall;
  at(0);
  take(right);
  wall = right + 10 * hour_ms;
  at(1000);
  EXPECT_FALSE(take(wall + 1000)) << "nobody can tell";
  wall = right;
  at(hour_ms);
  EXPECT_TRUE(take(last));
  EXPECT_TRUE(take(right + 11 * hour_ms)) << "a producer that is still ahead does not carry it on";
  EXPECT_EQ(state.stream_time_ms, right + 10 * hour_ms + 1000);
  at(11 * hour_ms);
  EXPECT_FALSE(take(right + 11 * hour_ms));
  EXPECT_EQ(state.stream_time_ms, right + 11 * hour_ms) << "the clock has come there";
  EXPECT_EQ(state.covered_from_ms, 0) << "nothing looks older than it is";
}

TEST_F(StreamTimeTest, OfAClockThatWasAheadFromTheBeginningStandsStillFromARestartOn) {
  const std::int64_t right = wall;
  wall = right + 10 * hour_ms;
  at(0);
  const std::int64_t ahead = wall;
  EXPECT_FALSE(take(ahead));
  wall = right;
  restart();
  for (const std::int64_t now : {1'000, 2'000, 3'000}) {
    EXPECT_FALSE(at(now));
    EXPECT_TRUE(take(ahead + now)) << "a producer that is still ahead";
    EXPECT_FALSE(take(right + now));
    EXPECT_EQ(state.stream_time_ms, ahead);
  }
  at(11 * hour_ms);
  EXPECT_FALSE(take(right + 11 * hour_ms));
  EXPECT_EQ(state.stream_time_ms, right + 11 * hour_ms) << "the clock has come there";
}

TEST_F(StreamTimeTest, IsFoundAheadOfTheClockOnlyBeyondWhatTimestampsAndClocksDiffer) {
  state.stream_time_ms = wall + 300 + 1'000;
  EXPECT_FALSE(is_ahead_of_clock(state, wall, skew));
  EXPECT_TRUE(is_ahead_of_clock(state, wall - 1, skew));
  EXPECT_FALSE(is_ahead_of_clock(state, wall, Millis::max()));
  state.stream_time_ms = -1;
  EXPECT_FALSE(is_ahead_of_clock(state, wall, skew)) << "it has none";
}

TEST_F(StreamTimeTest, ThatAClockHasHeldBackIsCoveredOnlyFromBehindWhatWasClipped) {
  const std::int64_t right = wall;
  wall = 0;
  at(0);
  EXPECT_TRUE(take(right));
  EXPECT_FALSE(at(1000));
  EXPECT_TRUE(take(right + 1000));
  wall = right;
  EXPECT_TRUE(at(2000));
  take(right - hour_ms);
  EXPECT_EQ(state.covered_from_ms, state.stream_time_ms) << "a message far behind comes first";
  take(right + 2000);
  EXPECT_EQ(state.covered_from_ms, right + 1001);
  EXPECT_EQ(effective_window_ms(state, hour_ms, -1), 999);
  EXPECT_FALSE(at(3000)) << "it is found once";
  take(right + 3000);
  EXPECT_EQ(state.covered_from_ms, right + 1001);
}

TEST_F(StreamTimeTest, IsFoundHeldBackByWhatTheStoreKeepsToo) {
  const std::int64_t right = wall;
  wall = 0;
  at(0);
  take(right);
  restart();
  EXPECT_FALSE(at(1000)) << "the clock is as before";
  wall = right;
  EXPECT_TRUE(at(2000));
  take(right + 2000);
  EXPECT_EQ(state.covered_from_ms, right + 1);
}

TEST_F(StreamTimeTest, IsFoundHeldBackAgainByTheSecondAttemptAtABatch) {
  const std::int64_t right = wall;
  wall = 0;
  at(0);
  take(right);
  wall = right;
  const store::PartitionState before = state;
  at(1000);
  take(right + 1000);
  const store::PartitionState after = state;
  state = before;
  at(1500);
  take(right + 1000);
  EXPECT_EQ(state, after);
}

TEST_F(StreamTimeTest, IsNotHeldBackByTheClockWhenATimestampWasWrongAndSilenceFollowed) {
  at(0);
  EXPECT_TRUE(take(wall + hour_ms));
  EXPECT_FALSE(at(2 * hour_ms));
  EXPECT_FALSE(take(wall + 2 * hour_ms));
  EXPECT_EQ(state.covered_from_ms, 0);
}

TEST_F(StreamTimeTest, HeldBackByNoMoreThanTheSkewCounts) {
  wall -= 500;
  at(0);
  EXPECT_TRUE(take(wall + 600));
  wall += 500;
  EXPECT_FALSE(at(0)) << "a timestamp may be wrong by that much";
}

TEST(UnsetClock, IsToldFromOneThatMayBeRight) {
  EXPECT_NE(unset_clock(0).find("1970-01-01"), std::string::npos);
  EXPECT_NE(unset_clock(earliest_believable_ms - 1), "");
  EXPECT_EQ(unset_clock(earliest_believable_ms), "");
}

}  // namespace
}  // namespace firstseen::dedup
