// An operator moves the group's offsets, or the group loses them.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

constexpr Exemptions moved{.gaps = true, .history_read_again = true};

class MovedOffsets : public Scenario {
 protected:
  MovedOffsets() { options.slot.max_batch = 2; }
  /// Messages 1 to 6 in partition 0 and 7 in partition 1, of which 3 and 6 are duplicates; consumed, and stopped.
  Host& consumed_and_stopped() {
    for (const char* key : {"a", "b", "a", "c", "d", "b"}) say(0, key, 100);
    say(1, "other", 100);
    Host& host = start();
    run();
    host.stop();
    EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7}));
    return host;
  }
};

TEST_F(MovedOffsets, BackPublishNothingAgainWithinTheWindow) {
  Host& host = consumed_and_stopped();
  cluster().set_offset(in(0), 0);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7}));
  EXPECT_EQ(host.status().counters.duplicates, 6U);
  EXPECT_TRUE(host.has_logged("will not be published again"));
  say(0, "a", 200);
  say(0, "e", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7, 9}));
  expect_kept(moved);
}

TEST_F(MovedOffsets, BackPublishAgainWhatHasLeftTheWindow) {
  Host& host = consumed_and_stopped();
  cluster().pass_time(61'000);
  say(0, "late", 61'200);
  host.start();
  run();
  host.stop();
  cluster().set_offset(in(0), 0);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 1, 2, 2, 4, 4, 5, 5, 7, 8})) << "8 is within the window, the others are not";
  expect_kept(moved);
}

TEST_F(MovedOffsets, ForwardMakeWhatLiesBetweenKnownWithoutPublishingIt) {
  Host& host = consumed_and_stopped();
  for (const char* key : {"x", "y", "a"}) say(0, key, 200);
  cluster().set_offset(in(0), 8);
  host.start();
  run();
  for (const char* key : {"x", "y", "z"}) say(0, key, 300);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7, 13})) << "8 and 9 lie between, 10 and 11 and 12 were known";
  EXPECT_EQ(host.status().counters.rebuilt, 2U);
  expect_kept(moved);
}

TEST_F(MovedOffsets, BackAndForthPublishNothingAgainAndLoseNothing) {
  Host& host = consumed_and_stopped();
  cluster().set_offset(in(0), 0);
  host.start();
  run_until("part of it is read again", [&] { return committed(0) >= 2; });
  host.crash();
  EXPECT_LT(committed(0), 6);
  cluster().set_offset(in(0), 6);
  say(0, "a", 200);
  say(0, "f", 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7, 9}));
  expect_kept(moved);
}

TEST_F(MovedOffsets, ForwardWhileABatchIsPreparedLetItFallAndKeepNothingOfIt) {
  Host& host = consumed_and_stopped();
  say(0, "x", 200);
  say(0, "y", 200);
  host.start();
  host.crash_at_step(1, dedup::Step::prepared);
  run_until("killed", [&] { return !host.running(); });
  cluster().set_offset(in(0), 7);
  host.start();
  say(0, "x", 300);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7, 9})) << "x was jumped over by the operator, y was not";
  expect_kept(moved);
}

TEST_F(MovedOffsets, DeletedWithTheGroupResumeFromTheStoreWithAWarning) {
  Host& host = consumed_and_stopped();
  cluster().delete_group();
  for (const char* key : {"a", "e"}) say(0, key, 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 7, 9}));
  EXPECT_TRUE(host.has_logged("in[0]: the group has lost its offset"));
  EXPECT_TRUE(host.has_logged("in[1]: the group has lost its offset"));
  EXPECT_EQ(committed(1), 1) << "committed anew although no message came";
  expect_kept({.gaps = true});
}

TEST_F(MovedOffsets, ExpiredForOnePartitionResumeFromTheStoreEvenWithStartLatest) {
  options.slot.start = dedup::StartAt::latest;
  Host& host = start();
  run_until("the starts are committed", [&] { return committed(0) == 0 && committed(1) == 0; });
  say(0, "a", 100);
  say(1, "b", 100);
  run();
  host.stop();
  cluster().set_offset(in(0), std::nullopt);
  say(0, "c", 200);
  say(0, "a", 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  EXPECT_TRUE(host.has_logged("in[0]: the group has lost its offset"));
  EXPECT_FALSE(host.has_logged("in[1]: the group has lost its offset"));
  expect_kept({.gaps = true});
}

TEST_F(MovedOffsets, DeletedAfterAKillWhileNothingCameRepeatNothing) {
  for (const char* key : {"a", "b", "c", "d"}) say(0, key, 100);
  Host& host = start();
  run();
  go_on_for(2'000);
  host.crash();
  cluster().delete_group();
  for (const char* key : {"a", "d", "e"}) say(0, key, 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 7})) << "nothing was in doubt";
  expect_kept({.gaps = true});
}

TEST_F(MovedOffsets, DeletedAfterAKillRepeatAtMostTheLastBatchAndLoseNothing) {
  for (const char* key : {"a", "b", "c", "d"}) say(0, key, 100);
  Host& host = start();
  run_until("two batches are published", [&] { return published().size() >= 4; });
  host.crash();
  cluster().delete_group();
  say(0, "e", 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 3, 4, 4, 5})) << "the limit that the README states: the proof is gone";
  expect_kept({.gaps = true, .history_lost = true});
}

}  // namespace
}  // namespace firstseen::simulation
