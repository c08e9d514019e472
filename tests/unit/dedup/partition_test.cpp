#include "dedup/partition.h"

#include <gtest/gtest.h>

#include <limits>

#include "dedup/partitions.h"

namespace firstseen::dedup {
namespace {

constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();

TEST(Lag, IsTheAgeOfTheLastSettledMessageOrTheTimeSinceTheEndWasLeft) {
  Partition partition;
  EXPECT_EQ(partition.lag_ms(9'000), -1) << "the log's end is not known";
  partition.known_end = 10;
  EXPECT_EQ(partition.lag_ms(9'000), -1) << "nothing is settled";
  partition.settled = {4, 5'000, 0, {3, 5'000, 0}};
  partition.state = partition.settled;
  EXPECT_EQ(partition.lag_ms(9'000), 4'000);
  EXPECT_EQ(partition.lag_ms(4'000), 0) << "clocks differ";
  partition.at_end = true;
  EXPECT_EQ(partition.lag_ms(9'000), 0);
  partition.leave_end(8'000);
  EXPECT_EQ(partition.lag_ms(9'000), 1'000);
  partition.state.next_offset = 6;  // taken, not settled
  partition.at_end = true;
  partition.leave_end(8'900);
  EXPECT_EQ(partition.lag_ms(9'000), 1'000) << "the first of those that wait counts";
}

TEST(Lag, CountsWhatIsTakenUntilItIsSettled) {
  Partition partition;
  partition.settled = {4, 5'000, 0, {3, 5'000, 0}};
  partition.state = partition.settled;
  partition.known_end = 7;
  EXPECT_EQ(partition.lag(), 3);
  partition.state.next_offset = 9;
  EXPECT_EQ(partition.lag(), 5) << "what is taken is in the log, though no fetch has told its end since";
  partition.at_end = true;
  EXPECT_EQ(partition.lag(), 5);
  EXPECT_EQ(partition.lag_ms(9'000), 4'000);
  partition.settled.next_offset = 9;
  EXPECT_EQ(partition.lag(), 0);
}

TEST(Lag, IsUnknownWhileTheEndIsAskedForInVain) {
  Partition partition;
  partition.settled = {4, 5'000, 0, {3, 5'000, 0}};
  partition.state = partition.settled;
  partition.reach_end();
  partition.ask_end(5'000, 0);
  EXPECT_EQ(partition.lag(), 0);
  partition.end_is_doubtful = true;
  EXPECT_EQ(partition.lag(), -1);
  EXPECT_EQ(partition.lag_ms(9'000), -1);
  partition.reach_end();
  EXPECT_EQ(partition.lag(), 0);
}

TEST(Lag, OfAStreamWithoutAPauseIsHowLongItsOldestHasWaitedHoweverOldItsTimestampsAre) {
  Partition partition;
  partition.settle({4, 5'000, 0, {3, 5'000, 0}});
  partition.state = partition.settled;
  partition.see_end(10, 1'000'000);
  partition.see_end(12, 1'001'000);
  partition.settle({9, 5'100, 0, {8, 5'100, 0}});
  EXPECT_EQ(partition.lag_ms(1'001'500), 996'400) << "one of those that were there at first still waits";
  partition.settle({11, 5'200, 0, {10, 5'200, 0}});
  EXPECT_EQ(partition.lag(), 1);
  EXPECT_EQ(partition.lag_ms(1'001'500), 1'500) << "it has come since";
  partition.see_end(20, 1'002'000);
  partition.settle({20, 5'300, 0, {19, 5'300, 0}});
  partition.see_end(25, 1'003'000);
  EXPECT_EQ(partition.lag_ms(1'003'500), 1'500);
}

TEST(Lag, OfAPartitionStoppedAtATopicMadeAnewIsNotKnown) {
  Partition partition;
  partition.settle({1'000, 5'000, 0, {999, 5'000, 0}});
  partition.state = partition.settled;
  partition.stop(StopCause::gap, "the log ends at 10");
  partition.known_end = 10;
  EXPECT_EQ(partition.lag(), -1);
  EXPECT_EQ(partition.lag_ms(9'000), -1);
}

TEST(Lag, WhileHistoryIsReadAgainIsFromWhereTheGroupIs) {
  Partition partition;
  partition.settled.next_offset = 100;
  partition.state.next_offset = 20;
  EXPECT_EQ(partition.lag(), -1);
  partition.known_end = 130;
  EXPECT_EQ(partition.lag(), 30);
}

TEST(Window, OfAPartitionWithoutHistoryBeginsAtItsFirstMessage) {
  store::PartitionState state;
  StreamTime time;
  state.covered_from_ms = nothing_covered;
  EXPECT_EQ(effective_window_ms(state, 1000, -1), 0);
  time.set_clocks(state, 9000, 0, Millis{0});
  time.observe(state, 5000);
  EXPECT_EQ(effective_window_ms(state, 1000, -1), 0);
  time.observe(state, 5400);
  EXPECT_EQ(effective_window_ms(state, 1000, -1), 400);
  time.observe(state, 8000);
  EXPECT_EQ(effective_window_ms(state, 1000, -1), 1000);
}

TEST(Window, IsShortenedByWhatTheStoreHadToLetGoEarly) {
  store::PartitionState state;
  state.stream_time_ms = 10'000;
  EXPECT_EQ(effective_window_ms(state, 1000, -1), 1000);
  EXPECT_EQ(effective_window_ms(state, 1000, 9'700), 300);
  EXPECT_EQ(effective_window_ms(state, 1000, 20'000), 0);
}

TEST(SlowestStreamTime, WaitsForAPartitionThatHasStoppedThoughItHadReachedItsEnd) {
  Partitions partitions;
  partitions.add({"t", 0}).state.stream_time_ms = 900;
  Partition& stopped = partitions.add({"t", 1});
  stopped.state.stream_time_ms = 100;
  stopped.at_end = true;
  stopped.known_end = 12;
  stopped.state.next_offset = 9;
  stopped.settled = stopped.state;
  stopped.stop(StopCause::rejected, "a message has no key");
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 100);
  EXPECT_EQ(stopped.lag(), 3);
}

TEST(Waiting, IsWhatIsShownAsStoppedAndGoesOnByItself) {
  Partition partition;
  EXPECT_FALSE(partition.waits());
  partition.refusal = "not authorized";
  EXPECT_TRUE(partition.waits());
  partition.stop(StopCause::rejected, "a message has no key");
  EXPECT_FALSE(partition.waits()) << "the reason that is shown needs a person";
  for (const StopCause cause : {StopCause::output, StopCause::no_leader}) {
    partition.stop(cause, "it is missing");
    EXPECT_TRUE(partition.waits());
  }
  partition.run_again();
  partition.refusal.clear();
  partition.silence = "the leader does not answer";
  EXPECT_TRUE(partition.waits());
}

TEST(Checksum, TellsNullFromEmptyAndKeyFromValue) {
  MessageView a;
  a.key = "k";
  a.value = "v";
  MessageView b = a;
  EXPECT_EQ(message_checksum(a), message_checksum(b));
  b.value.reset();
  EXPECT_NE(message_checksum(a), message_checksum(b));
  const auto null_value = message_checksum(b);
  b.value = "";
  EXPECT_NE(null_value, message_checksum(b));
  b.key = "v";
  b.value = "k";
  EXPECT_NE(message_checksum(a), message_checksum(b));
}

TEST(SlowestStreamTime, WaitsForPartitionsThatLagButNotForThoseWhoseEndWasToldOnBeingAsked) {
  Partitions partitions;
  EXPECT_EQ(partitions.slowest_stream_time_ms(), unknown);
  Partition& fast = partitions.add({"t", 0});
  Partition& slow = partitions.add({"t", 1});
  fast.state.stream_time_ms = 900;
  slow.state.stream_time_ms = 100;
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 100);
  slow.reach_end();
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 100) << "nobody knows at what time of the slot that was";
  slow.ask_end(900, 0);
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 100) << "not answered yet";
  slow.reach_end();
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 900);
  fast.state.stream_time_ms = 1500;
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 900) << "its log may have grown since";
  slow.leave_end(0);
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 100);
}

TEST(SlowestStreamTime, IsUnknownWhileAPartitionHasShownNothing) {
  Partitions partitions;
  partitions.add({"t", 0}).state.stream_time_ms = 900;
  Partition& silent = partitions.add({"t", 1});
  EXPECT_EQ(partitions.slowest_stream_time_ms(), unknown);
  silent.ask_end(900, 0);
  silent.reach_end();
  EXPECT_EQ(partitions.slowest_stream_time_ms(), 900);
}

}  // namespace
}  // namespace firstseen::dedup
