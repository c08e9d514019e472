#include "dedup/start_plan.h"

#include <gtest/gtest.h>

namespace firstseen::dedup {
namespace {

StartFacts facts(std::optional<std::int64_t> committed, std::optional<std::int64_t> stored, std::int64_t low = 0,
                 std::int64_t high = 100) {
  StartFacts f;
  f.tp = {"orders", 1};
  f.committed = committed;
  f.log = {low, high};
  if (stored) {
    f.known.emplace();
    f.known->next_offset = *stored;
    f.known->stream_time_ms = 5000;
    f.known->last = {*stored - 1, 4000, 7};
  }
  return f;
}

TEST(Start, WhereTheGroupAndTheStoreAgreeGoesOnThereAndVerifiesTheLog) {
  const StartPlan plan = plan_start(facts(40, 40), {});
  EXPECT_EQ(plan.stop, StopCause::none);
  EXPECT_EQ(plan.start, 40);
  EXPECT_FALSE(plan.commit_start);
  EXPECT_FALSE(plan.missing_history);
  ASSERT_TRUE(plan.verify);
  EXPECT_EQ(plan.verify->offset, 39);
  EXPECT_EQ(plan.state.stream_time_ms, 5000);
  EXPECT_TRUE(plan.text.empty());
}

TEST(Start, OfANewGroupIsAsConfiguredAndIsCommittedFirst) {
  SlotOptions options;
  StartPlan plan = plan_start(facts({}, {}, 10, 100), options);
  EXPECT_EQ(plan.start, 10);
  EXPECT_TRUE(plan.commit_start);
  EXPECT_EQ(plan.state.covered_from_ms, 0);
  options.start = StartAt::latest;
  plan = plan_start(facts({}, {}, 10, 100), options);
  EXPECT_EQ(plan.start, 100);
  EXPECT_EQ(plan.state.covered_from_ms, nothing_covered);
  plan = plan_start(facts({}, {}, 0, 0), options);
  EXPECT_EQ(plan.state.covered_from_ms, 0) << "nothing ever came before its first message";
}

TEST(Start, BehindAnOffsetThatAnotherProgramCommittedSaysThatWhatItSkippedIsNotPublished) {
  StartFacts f = facts(40, 30);
  EXPECT_EQ(plan_start(f, {}).text.find("another program"), std::string::npos);
  f.committed_by_firstseen = false;
  const StartPlan plan = plan_start(f, {});
  EXPECT_EQ(plan.start, 40) << "an operator may have meant it";
  EXPECT_TRUE(plan.missing_history);
  for (const char* part : {"offset 40", "another program", "from offset 30", "NOT in the output", "input.group"}) {
    EXPECT_NE(plan.text.find(part), std::string::npos) << part << " in " << plan.text;
  }
}

TEST(Start, AtTheEndIsOnlyThatOfAPartitionOfWhichNothingIsKnownAtTheGroupsFirst) {
  SlotOptions options;
  EXPECT_FALSE(starts_at_the_end(facts({}, {}), options));
  options.start = StartAt::latest;
  EXPECT_TRUE(starts_at_the_end(facts({}, {}), options));
  EXPECT_FALSE(starts_at_the_end(facts(40, {}), options));
  EXPECT_FALSE(starts_at_the_end(facts({}, 40), options));
  StartFacts later = facts({}, {});
  later.group_started_before = true;
  EXPECT_FALSE(starts_at_the_end(later, options));
}

TEST(Start, OfAPartitionThatAppearsLaterIsTheEarliestEvenWithLatest) {
  SlotOptions options;
  options.start = StartAt::latest;
  StartFacts f = facts({}, {}, 0, 100);
  f.group_started_before = true;
  EXPECT_EQ(plan_start(f, options).start, 0);
}

TEST(Start, OfAGroupThatLostItsOffsetsResumesFromTheStoreWithAWarning) {
  const StartPlan plan = plan_start(facts({}, 40), {});
  EXPECT_EQ(plan.start, 40);
  EXPECT_TRUE(plan.commit_start);
  EXPECT_NE(plan.text.find("lost its offset"), std::string::npos);
}

TEST(Start, BehindTheStoreReadsAgain) {
  const StartPlan plan = plan_start(facts(10, 40), {});
  EXPECT_EQ(plan.start, 10);
  EXPECT_FALSE(plan.missing_history);
  EXPECT_FALSE(plan.verify);
  EXPECT_NE(plan.text.find("reading again"), std::string::npos);
}

TEST(Start, BeyondTheStoreRebuildsTheHistoryBetween) {
  const StartPlan plan = plan_start(facts(40, 30), {});
  EXPECT_EQ(plan.start, 40);
  EXPECT_TRUE(plan.missing_history);
  EXPECT_EQ(plan.history_from, 30);
}

TEST(Start, OnAnEmptyStoreRebuildsFromTheLogsBeginning) {
  const StartPlan plan = plan_start(facts(40, {}, 5, 100), {});
  EXPECT_TRUE(plan.missing_history);
  EXPECT_EQ(plan.history_from, 5);
}

TEST(Start, WithMissingHistoryWarnsOrStopsAsConfigured) {
  SlotOptions options;
  options.on_missing_history = OnMissingHistory::warn;
  StartPlan plan = plan_start(facts(40, 30), options);
  EXPECT_EQ(plan.stop, StopCause::none);
  EXPECT_FALSE(plan.missing_history);
  EXPECT_EQ(plan.state.covered_from_ms, nothing_covered);
  EXPECT_NE(plan.text.find("covered only from now on, and whole again after 1d"), std::string::npos) << plan.text;
  options.on_missing_history = OnMissingHistory::stop;
  plan = plan_start(facts(40, 30), options);
  EXPECT_EQ(plan.stop, StopCause::history);
  EXPECT_NE(plan.text.find("store prime"), std::string::npos);
}

TEST(Start, WithHistoryThatTheLogNoLongerHasSaysThatTheWindowBeginsAnew) {
  for (const std::optional<std::int64_t> stored : {std::optional<std::int64_t>(), std::optional<std::int64_t>(30)}) {
    const StartPlan plan = plan_start(facts(40, stored, 40, 100), {});
    EXPECT_EQ(plan.stop, StopCause::none);
    EXPECT_EQ(plan.start, 40);
    EXPECT_FALSE(plan.missing_history);
    EXPECT_EQ(plan.state.covered_from_ms, nothing_covered);
    for (const char* part : {"orders[1]", "before offset 40", "covered only from now on", "after 1d", "retention.ms"}) {
      EXPECT_NE(plan.text.find(part), std::string::npos) << part << " in " << plan.text;
    }
  }
  const StartPlan whole = plan_start(facts(0, {}, 0, 100), {});
  EXPECT_EQ(whole.state.covered_from_ms, 0);
  EXPECT_TRUE(whole.text.empty()) << "there never was any: " << whole.text;
}

TEST(Start, OutsideTheLogStopsAndSaysWhatWasLost) {
  StartPlan plan = plan_start(facts(40, 40, 60, 100), {});
  EXPECT_EQ(plan.stop, StopCause::gap);
  EXPECT_NE(plan.text.find("orders[1]"), std::string::npos);
  EXPECT_NE(plan.text.find("20 offsets were removed"), std::string::npos);
  EXPECT_NE(plan.text.find("on_gap"), std::string::npos);
  plan = plan_start(facts(40, 40, 0, 30), {});
  EXPECT_EQ(plan.stop, StopCause::gap);
  EXPECT_NE(plan.text.find("truncated"), std::string::npos);
}

TEST(Start, BehindAnOpenTransactionIsInsideTheLog) {
  StartFacts f = facts(95, 60, 0, 60);
  f.log.uncommitted = 95;
  for (const OnGap on_gap : {OnGap::stop, OnGap::skip}) {
    SlotOptions options;
    options.on_gap = on_gap;
    const StartPlan plan = plan_start(f, options);
    EXPECT_EQ(plan.stop, StopCause::none);
    EXPECT_EQ(plan.start, 95);
    EXPECT_FALSE(plan.commit_start);
    EXPECT_FALSE(plan.missing_history) << "nothing of it can be read, nor was it published";
  }
  f.committed = 96;
  const StartPlan plan = plan_start(f, {});
  EXPECT_EQ(plan.stop, StopCause::gap);
  EXPECT_NE(plan.text.find("the log ends at 95"), std::string::npos) << plan.text;
}

TEST(Start, OutsideTheLogWithSkipGoesOnAtItsBeginningAndCommitsThat) {
  SlotOptions options;
  options.on_gap = OnGap::skip;
  for (const auto& f : {facts(40, 40, 60, 100), facts(400, 400, 60, 100), facts({}, 400, 60, 100)}) {
    const StartPlan plan = plan_start(f, options);
    EXPECT_EQ(plan.stop, StopCause::none);
    EXPECT_EQ(plan.start, 60);
    EXPECT_TRUE(plan.commit_start);
    EXPECT_FALSE(plan.verify);
    EXPECT_FALSE(plan.text.empty());
  }
}

TEST(Start, NeedsAnOutputPartitionOfTheSameNumber) {
  StartFacts f = facts(40, 40);
  f.output_partitions = 1;
  const StartPlan plan = plan_start(f, {});
  EXPECT_EQ(plan.stop, StopCause::output);
  for (const char* part : {"--partitions 2", "Until then every restart of this daemon is refused (status 78)"}) {
    EXPECT_NE(plan.text.find(part), std::string::npos) << part << " in " << plan.text;
  }
  f.output_partitions = 2;
  EXPECT_EQ(plan_start(f, {}).stop, StopCause::none);
  f.output_partitions = 1;
  SlotOptions by_key;
  by_key.partitioner = Partitioner::key;
  EXPECT_EQ(plan_start(f, by_key).stop, StopCause::none) << "any partition will do";
}

TEST(Start, WithoutALeaderWaitsWithWhatTheStoreKnowsOfThePartition) {
  const StartPlan plan = plan_without_leader(facts(40, 40), {}, "why");
  EXPECT_EQ(plan.stop, StopCause::no_leader);
  EXPECT_EQ(plan.text, "why");
  EXPECT_EQ(plan.state.stream_time_ms, 5000) << "the sweep waits there";
  EXPECT_FALSE(plan.commit_start);
  EXPECT_FALSE(plan.missing_history);
  EXPECT_TRUE(plan.also.empty());
  EXPECT_EQ(plan_without_leader(facts({}, {}), {}, "why").state.stream_time_ms, -1);
}

TEST(Start, WithoutALeaderSaysThatTheWindowBeginsAnewIfWhatTheStoreLacksIsNotReadAgain) {
  SlotOptions warn;
  warn.on_missing_history = OnMissingHistory::warn;
  const StartPlan plan = plan_without_leader(facts(40, 30), warn, "why");
  EXPECT_EQ(plan.text, "why");
  EXPECT_EQ(plan.state.covered_from_ms, nothing_covered);
  EXPECT_NE(plan.also.find("has not recorded offsets 30 to 40"), std::string::npos) << plan.also;
  EXPECT_NE(plan_without_leader(facts(40, 40), warn, "why").state.covered_from_ms, nothing_covered);
}

TEST(Start, NeedsHistoryWhereTheGroupIsAheadOfTheStoreAndItIsToBeReadAgain) {
  EXPECT_FALSE(needs_history(facts(40, 40), {}));
  EXPECT_TRUE(needs_history(facts(41, 40), {}));
  EXPECT_TRUE(needs_history(facts(40, {}), {}));
  EXPECT_FALSE(needs_history(facts(39, 40), {}));
  EXPECT_FALSE(needs_history(facts(0, {}), {}));
  EXPECT_FALSE(needs_history(facts({}, {}), {}));
  SlotOptions warn;
  warn.on_missing_history = OnMissingHistory::warn;
  EXPECT_FALSE(needs_history(facts(41, 40), warn));
}

TEST(Start, WithoutItsOutputStillHasItsMissingHistoryReadAgainAndSaysSo) {
  StartFacts f = facts(40, 30);
  f.output_partitions = 0;
  SlotOptions options;
  StartPlan plan = plan_start(f, options);
  EXPECT_EQ(plan.stop, StopCause::output);
  EXPECT_TRUE(plan.missing_history);
  EXPECT_EQ(plan.history_from, 30);
  EXPECT_NE(plan.also.find("has not recorded offsets 30 to 40"), std::string::npos) << plan.also;
  options.on_missing_history = OnMissingHistory::warn;
  plan = plan_start(f, options);
  EXPECT_EQ(plan.stop, StopCause::output);
  EXPECT_FALSE(plan.missing_history);
  EXPECT_EQ(plan.state.covered_from_ms, nothing_covered);
  EXPECT_NE(plan.also.find("covered only from now on"), std::string::npos) << plan.also;
}

TEST(Start, WithMissingHistoryThatStopsItTellsTheWholeCommandThatReadsIt) {
  SlotOptions options;
  options.on_missing_history = OnMissingHistory::stop;
  options.advice = {.store = "/var/lib/orders", .config = "/etc/firstseen/new orders.yaml"};
  const StartPlan plan = plan_start(facts(40, 30), options);
  EXPECT_EQ(plan.stop, StopCause::history);
  EXPECT_NE(plan.text.find("`firstseen store prime --config '/etc/firstseen/new orders.yaml'`"), std::string::npos)
      << plan.text;
}

TEST(Start, NeedsAnOutputTopicAndSaysHowToCreateIt) {
  StartFacts f = facts(40, 40);
  f.output_topic = "orders.unique";
  f.output_partitions = 0;
  f.input_partitions = 6;
  for (const Partitioner partitioner : {Partitioner::same, Partitioner::key}) {
    SlotOptions options;
    options.partitioner = partitioner;
    const StartPlan plan = plan_start(f, options);
    EXPECT_EQ(plan.stop, StopCause::output);
    for (const char* part :
         {"orders[1]: the output topic orders.unique does not exist", "--create --topic orders.unique --partitions 6",
          "begins by itself", "Until then every restart of this daemon is refused (status 78)"}) {
      EXPECT_NE(plan.text.find(part), std::string::npos) << part << " in " << plan.text;
    }
  }
}

}  // namespace
}  // namespace firstseen::dedup
