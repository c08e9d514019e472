// The log is not what it was: retention was faster, the topic was made anew.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::OnGap;
using dedup::Step;

class Gap : public Scenario {
 protected:
  /// Three messages in each partition, consumed.
  Host& consumed() {
    for (const char* key : {"a", "b", "c"}) {
      say(0, key, 100);
      say(1, std::string(key) + "1", 100);
    }
    Host& host = start();
    run();
    return host;
  }
  /// Then the host is stopped.
  Host& consumed_and_stopped() {
    Host& host = consumed();
    host.stop();
    return host;
  }
  /// The output refuses the first of these messages, so that all that share its batch are suspected with it.
  void refuse_the_first_of_eight() {
    for (int i = 0; i < 8; ++i) {
      Input input;
      input.key = "s" + std::to_string(i);
      input.too_new = i == 0;
      const std::int64_t ahead = input.too_new ? 10 * options.output.max_ahead_ms : 0;
      world().workload.produce_input(std::move(input), 0, world().clock.true_ms() + ahead);
    }
  }
  /// The topic is deleted and made again; the group's offsets stay (the group was not there to see it).
  void make_anew(bool keep_offsets = true) {
    cluster().delete_topic("in", keep_offsets);
    cluster().create_topic("in", options.partitions);
    world().workload.forget();
  }
};

TEST_F(Gap, LeftByRetentionStopsThePartitionWithWhatWasLostAndTheOthersGoOn) {
  Host& host = consumed_and_stopped();
  for (const char* key : {"d", "e", "f"}) say(0, key, 200);
  say(1, "d1", 200);
  cluster().log(in(0))->truncate_head(5);
  host.start();
  run_until("partition 1 goes on", [&] { return committed(1) == 4; });
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 10}));
  ASSERT_TRUE(is_stopped(host, 0));
  const std::string reason = partition(host, 0).reason;
  EXPECT_NE(reason.find("in[0]: offset 3 is needed but the log begins at 5: 2 offsets were removed"), std::string::npos)
      << reason;
  EXPECT_NE(reason.find("input.on_gap"), std::string::npos) << reason;
  EXPECT_EQ(committed(0), 3) << "nothing was skipped";
  expect_kept({.gaps = true});
}

TEST_F(Gap, LeftByRetentionIsJumpedOverWithSkip) {
  options.slot.on_gap = OnGap::skip;
  Host& host = consumed_and_stopped();
  for (const char* key : {"d", "e", "f"}) say(0, key, 200);
  cluster().log(in(0))->truncate_head(5);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 9}));
  EXPECT_TRUE(host.has_logged("going on at offset 5"));
  expect_kept({.gaps = true});
}

TEST_F(Gap, ThatOpensWhileThePartitionIsBehindStopsOnlyThatPartition) {
  Host& host = consumed_and_stopped();
  host.start();
  run_until_step(host, Step::assigned);
  world().faults.set(Fault::store_failure, 1'000);
  for (const char* key : {"d", "e", "f"}) say(0, key, 200);
  go_on_for(2'000);
  cluster().log(in(0))->truncate_head(5);
  world().faults.end();
  run_until("the partition stops", [&] { return is_stopped(host, 0); });
  say(1, "d1", 300);
  run_until("partition 1 goes on", [&] { return committed(1) == 4; });
  EXPECT_NE(partition(host, 0).reason.find("the log begins at 5"), std::string::npos) << partition(host, 0).reason;
  EXPECT_EQ(committed(0), 3);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 10}));
  expect_kept({.gaps = true});
}

TEST_F(Gap, MetWhileSuspectsCutTheChunkStopsThePartition) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    again();
    options.seed = seed;
    Host& host = consumed_and_stopped();
    refuse_the_first_of_eight();
    for (const char* key : {"d1", "e1", "f1"}) say(1, key, 200);
    host.start();
    run_until_step(host, Step::rolled_back);
    cluster().log(in(1))->truncate_head(5);
    run_until("partition 0 is read", [&] { return committed(0) == 11; });
    run_until("partition 1 stops", [&] { return is_stopped(host, 1); });
    EXPECT_EQ(committed(1), 3) << "nothing was skipped";
    expect_kept({.gaps = true});
  }
}

TEST_F(Gap, OfANewLogThatIsShorterStopsThePartition) {
  Host& host = consumed_and_stopped();
  make_anew();
  say(0, "n", 200);
  host.start();
  run_until("the partition stops", [&] { return is_stopped(host, 0) && is_stopped(host, 1); });
  EXPECT_NE(partition(host, 0).reason.find("in[0]: offset 3 is needed but the log ends at 1"), std::string::npos);
  go_on_for(1'000);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
}

TEST_F(Gap, OfANewLogThatIsLongerIsRecognisedByTheLastMessageRecorded) {
  for (const bool keep_offsets : {true, false}) {
    SCOPED_TRACE(keep_offsets ? "the group kept its offsets" : "the group's offsets were deleted with the topic");
    Host& host = world().hosts().empty() ? consumed_and_stopped() : world().host();
    make_anew(keep_offsets);
    for (const char* key : {"n", "o", "p", "q", "r"}) say(0, key, 200);
    host.start();
    run_until("the partition stops", [&] { return is_stopped(host, 0); });
    EXPECT_NE(partition(host, 0).reason.find("the message at offset 2 is not the one that was read there before"),
              std::string::npos)
        << partition(host, 0).reason;
    go_on_for(1'000);
    EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
    host.stop();
  }
}

class NewLog : public Gap, public testing::WithParamInterface<bool> {
 protected:
  NewLog() {
    options.slot.on_gap = OnGap::skip;
    options.slot.max_batch = 3;
  }
  /// Six messages were in the old log; the new one has keys "a" (known), n, o and, if it is longer, p and q.
  Host& met_again() {
    Host& host = consumed_and_stopped();
    make_anew();
    say(0, "a", 200);
    say(0, "n", 200);
    if (GetParam()) {
      for (const char* key : {"o", "p", "q"}) say(0, key, 200);
    }
    host.start();
    return host;
  }
  /// The old offsets lie beyond a shorter log, so that "everything is consumed" would be true at once.
  bool at_the_new_end() { return committed(0) == cluster().log(in(0))->end() && committed(1) == 0; }
  void read_to_the_end() {
    run_until("the new log is read", [this] { return at_the_new_end(); });
  }
  void expect_read_once() {
    Ids expected{1, 2, 3, 4, 5, 6, 8};
    if (GetParam()) expected.insert(expected.end(), {9, 10, 11});
    EXPECT_EQ(published(), expected) << "7 repeats a key of the old log";
  }
};

TEST_P(NewLog, IsReadFromItsBeginningWithSkip) {
  Host& host = met_again();
  read_to_the_end();
  expect_read_once();
  EXPECT_TRUE(host.has_logged("going on at offset 0"));
}

TEST_P(NewLog, IsReadFromItsBeginningEvenIfTheFirstBatchAborts) {
  Host& host = met_again();
  world().faults.once(Fault::abortable);
  read_to_the_end();
  EXPECT_GE(host.status().counters.batches_aborted, 1U);
  expect_read_once();
}

TEST_P(NewLog, IsReadFromItsBeginningEvenIfTheFirstBatchMeetsAFullDisk) {
  Host& host = met_again();
  world().faults.once(Fault::store_failure);
  read_to_the_end();
  EXPECT_GE(host.status().counters.batches_aborted, 1U);
  expect_read_once();
}

TEST_P(NewLog, IsReadFromItsBeginningWhereverTheProcessIsKilled) {
  for (const Step step : {Step::begun, Step::published, Step::taken, Step::prepared, Step::offsets_sent,
                          Step::committed, Step::settled}) {
    for (const int count : {1, 2}) {
      if (step == Step::published && count == 2 && !GetParam()) continue;  // only one message of it is published
      SCOPED_TRACE(std::string(dedup::step_name(step)) + " " + std::to_string(count));
      again();
      Host& host = met_again();
      host.crash_at_step(count, step);
      run_until("it is killed", [&] { return !host.running(); });
      EXPECT_EQ(host.kills_at(step), 1);
      host.start();
      read_to_the_end();
      expect_read_once();
    }
  }
}

/// With so many messages in the new log of partition 0, keys "a" (known), n, o, p, q; none in that of partition 1.
class NewLogUnderneath : public Gap, public testing::WithParamInterface<int> {
 protected:
  /// The topic goes, the running host sees it, the topic comes.
  Host& consumed_and_made_anew() {
    Host& host = consumed();
    cluster().delete_topic("in", false);
    run_until("the topic is missed", [&] { return is_stopped(host, 0) && is_stopped(host, 1); });
    EXPECT_NE(partition(host, 0).reason.find("cannot be read"), std::string::npos) << partition(host, 0).reason;
    cluster().create_topic("in", options.partitions);
    world().workload.forget();
    const std::vector<const char*> keys{"a", "n", "o", "p", "q"};
    for (int i = 0; i < GetParam(); ++i) say(0, keys[static_cast<std::size_t>(i)], 200);
    return host;
  }
};

TEST_P(NewLogUnderneath, StopsThePartitionsOfARunningHost) {
  Host& host = consumed_and_made_anew();
  const auto told = [&](std::int32_t number) {
    return partition(host, number).reason.find("the topic was made anew") != std::string::npos;
  };
  run_until("both partitions stop", [&] { return told(0) && told(1); });
  for (const char* key : {"r", "s", "t", "u"}) say(0, key, 300);
  go_on_for(20'000);
  EXPECT_TRUE(told(0));
  EXPECT_EQ(committed(0), -1) << "nothing was skipped";
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(host.status().counters.restarts, 0U);
}

TEST_P(NewLogUnderneath, IsReadFromItsBeginningByARunningHostWithSkip) {
  options.slot.on_gap = OnGap::skip;
  Host& host = consumed_and_made_anew();
  run_until("the new log is read", [&] { return committed(0) == GetParam() && committed(1) == 0; });
  Ids expected{1, 2, 3, 4, 5, 6};
  for (int i = 1; i < GetParam(); ++i) expected.push_back(7 + i);
  EXPECT_EQ(published(), expected) << "7 repeats a key of the old log";
  say(1, "r", 300);
  run();
  EXPECT_EQ(published().back(), 7 + GetParam());
  EXPECT_EQ(host.status().counters.restarts, 0U);
}

INSTANTIATE_TEST_SUITE_P(OfSoManyMessages, NewLogUnderneath, testing::Values(1, 2, 3, 5));

TEST_F(Gap, OfANewLogThatHasGrownBeyondThePositionSinceItWasMissedStopsThePartition) {
  Host& host = consumed();
  world().faults.set(Fault::no_answer, 1'000);
  make_anew();
  say(0, "n", 200);
  go_on_for(5'000);  // the position has been found beyond the end; nobody tells yet where the end is
  for (const char* key : {"o", "p", "q", "r"}) say(0, key, 200);
  world().faults.end();
  EXPECT_TRUE(is_stopped(host, 0)) << "its leader does not answer";
  run_until("the partition stops for another log", [&] {
    return partition(host, 0).reason.find("the message at offset 2 is not the one") != std::string::npos;
  });
  go_on_for(20'000);
  EXPECT_EQ(committed(0), 3) << "nothing was skipped";
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
}

INSTANTIATE_TEST_SUITE_P(Is, NewLog, testing::Bool(), [](const auto& one) { return one.param ? "Longer" : "Shorter"; });

}  // namespace
}  // namespace firstseen::simulation
