#include "kafka/offset_tracker.h"

#include <gtest/gtest.h>

namespace firstseen::kafka {

namespace {

using Answer = OffsetTracker::Verdict;
const TopicPartition tp{"in", 0};

class Offsets : public ::testing::Test {
 protected:
  Offsets() { tracker_.assign(std::vector<Position>{{tp, 100}}); }
  Answer see(std::int64_t offset) { return OffsetTracker::accept(*tracker_.find(tp), offset); }
  OffsetTracker tracker_;
};

}  // namespace

TEST_F(Offsets, EachIsDeliveredOnce) {
  EXPECT_EQ(see(99), Answer::discard);
  EXPECT_EQ(see(100), Answer::deliver);
  EXPECT_EQ(see(100), Answer::discard);
  EXPECT_EQ(see(101), Answer::deliver);
}

TEST_F(Offsets, GapsOfTransactionMarkersAndCompactionAreNormal) {
  EXPECT_EQ(see(100), Answer::deliver);
  EXPECT_EQ(see(109), Answer::deliver);
  EXPECT_EQ(tracker_.positions().front().offset, 110);
}

TEST_F(Offsets, AMessageFetchedBeforeARewindNeverJumpsOverWhatIsToBeReadAgain) {
  EXPECT_EQ(see(100), Answer::deliver);
  EXPECT_EQ(see(101), Answer::deliver);
  tracker_.rewind({tp, 100});
  EXPECT_EQ(see(102), Answer::verify);
  EXPECT_EQ(see(103), Answer::verify) << "it may have come in the same fetch: the seek follows only behind that";
  tracker_.sought_again(tp);
  EXPECT_EQ(see(100), Answer::deliver);
  EXPECT_EQ(see(101), Answer::deliver);
  EXPECT_EQ(see(102), Answer::deliver);
}

TEST_F(Offsets, WhatWasRemovedFromTheLogSinceIsNotWaitedForForEver) {
  EXPECT_EQ(see(100), Answer::deliver);
  tracker_.rewind({tp, 50});
  EXPECT_EQ(see(101), Answer::verify);
  tracker_.sought_again(tp);
  EXPECT_EQ(see(101), Answer::deliver);
}

TEST_F(Offsets, ASecondRewindRemembersTheFirst) {
  EXPECT_EQ(see(100), Answer::deliver);
  EXPECT_EQ(see(101), Answer::deliver);
  tracker_.rewind({tp, 50});
  tracker_.rewind({tp, 60});
  EXPECT_EQ(see(102), Answer::verify);
  EXPECT_EQ(see(60), Answer::deliver);
}

TEST_F(Offsets, ForwardsNothingIsInDoubt) {
  tracker_.rewind({tp, 500});
  EXPECT_EQ(see(100), Answer::discard);
  EXPECT_EQ(see(500), Answer::deliver);
}

TEST_F(Offsets, PausedAndBlockedPartitionsDeliverNothing) {
  tracker_.set_paused(tp, true);
  EXPECT_EQ(see(100), Answer::discard);
  EXPECT_EQ(tracker_.paused(), std::vector<TopicPartition>{tp});
  tracker_.set_paused(tp, false);
  tracker_.block(tp);
  EXPECT_EQ(see(100), Answer::discard);
  tracker_.rewind({tp, 100});
  EXPECT_EQ(see(100), Answer::deliver);
}

TEST_F(Offsets, AnotherAssignmentForgetsEverything) {
  tracker_.assign(std::vector<Position>{{{"in", 1}, 7}});
  EXPECT_EQ(tracker_.find(tp), nullptr);
  EXPECT_TRUE(tracker_.assigned({"in", 1}));
  tracker_.rewind({tp, 3});
  EXPECT_FALSE(tracker_.assigned(tp));
}

}  // namespace firstseen::kafka
