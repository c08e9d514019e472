// A person lets a slot take nothing for a while: `firstseen pause` and `resume`.
#include <chrono>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::OnMissingHistory;
using dedup::Step;

class Pauses : public Scenario {
 protected:
  void pause(Host& host) {
    auto answer = host.slot().pause("alice");
    run_until("it is paused", [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    const auto text = answer.get();
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(host.status().state, "paused");
    ASSERT_TRUE(host.status().pause);
    EXPECT_EQ(host.status().pause->by, "alice");
    EXPECT_TRUE(host.status().pause->drained);
    EXPECT_NE(host.status().detail.find("alice"), std::string::npos) << host.status().detail;
  }
  Host& paused_after_a_rejected_message() {
    Host& host = stopped_at_poison();
    pause(host);
    return host;
  }
  /// For a long time nothing is taken, committed or published.
  void expect_still() {
    const auto before = published();
    const std::vector<std::int64_t> offsets{committed(0), committed(1)};
    const auto transactions = cluster().offset_changes().size();
    go_on_for(30'000);
    EXPECT_EQ(published(), before);
    EXPECT_EQ(offsets, (std::vector<std::int64_t>{committed(0), committed(1)}));
    EXPECT_EQ(cluster().offset_changes().size(), transactions);
  }
  static bool is_paused(Host& host) { return host.status().state == "paused" && host.status().pause.has_value(); }
};

TEST_F(Pauses, TakeNothingKeepTheAssignmentAndGoOnWhereTheyWere) {
  say(0, "a", 0);
  Host& host = start();
  run();
  pause(host);
  const auto rebalances = host.status().counters.rebalances;
  for (const char* key : {"a", "b"}) say(0, key, 100);
  say(1, "c", 100);
  expect_still();
  EXPECT_EQ(host.status().partitions.size(), 2U);
  EXPECT_EQ(host.status().counters.rebalances, rebalances) << "it stayed a member of the group";
  for (const auto& one : host.status().partitions) EXPECT_EQ(one.lag, -1) << "nobody looks how long the log is";
  EXPECT_EQ(host.slot().resume(), "goes on");
  run();
  EXPECT_EQ(host.status().state, "running");
  EXPECT_FALSE(host.status().pause);
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  EXPECT_EQ(host.slot().resume(), "is not paused");
  expect_kept();
}

class PausesAt : public Pauses, public testing::WithParamInterface<Step> {};

TEST_P(PausesAt, FinishTheBatchInFlightAndBeginNoOther) {
  say(0, "a", 0);
  Host& host = start();
  run();
  for (const char* key : {"b", "c", "b"}) say(0, key, 100);
  say(1, "d", 100);
  const bool of_an_abort = GetParam() == Step::aborting || GetParam() == Step::rolled_back;
  if (of_an_abort) world().faults.once(Fault::abortable);
  run_until_step(host, GetParam());
  pause(host);
  expect_still();
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5}));
  expect_kept();
}

TEST_P(PausesAt, KilledMeanwhileBeginRunningAndLoseNothing) {
  say(0, "a", 0);
  Host& host = start();
  run();
  for (const char* key : {"b", "c", "b"}) say(0, key, 100);
  const bool of_an_abort = GetParam() == Step::aborting || GetParam() == Step::rolled_back;
  if (of_an_abort) world().faults.once(Fault::abortable);
  run_until_step(host, GetParam());
  static_cast<void>(host.slot().pause("alice"));  // nobody is left to answer
  host.crash();
  host.start();
  say(1, "d", 200);
  run();
  EXPECT_EQ(host.status().state, "running") << "a restart forgets the pause";
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5}));
  expect_kept();
}

INSTANTIATE_TEST_SUITE_P(Asked, PausesAt,
                         testing::Values(Step::begun, Step::published, Step::taken, Step::prepared, Step::offsets_sent,
                                         Step::committed, Step::settled, Step::aborting, Step::rolled_back),
                         [](const auto& one) { return std::string(dedup::step_name(one.param)); });

TEST_F(Pauses, HoldWhatIsAssignedMeanwhile) {
  say(0, "a", 0);
  Host& host = start();
  run();
  pause(host);
  cluster().add_partitions("out", 1);
  cluster().add_partitions("in", 1);
  say(2, "n", 100);
  run_until("the new partition is assigned", [&] { return host.status().partitions.size() == 3; });
  run_until("its start is committed", [&] { return committed(2) == 0; });
  expect_still();
  EXPECT_TRUE(is_paused(host));
  EXPECT_EQ(committed(2), 0);
  EXPECT_EQ(partition(host, 2).mode, dedup::PartitionMode::running) << "it only waits";
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

TEST_F(Pauses, SurviveALostAssignment) {
  say(0, "a", 0);
  Host& host = start();
  run();
  pause(host);
  const auto rebalances = host.status().counters.rebalances;
  world().faults.once(Fault::lost_assignment);
  run_until("it is assigned anew", [&] { return host.status().counters.rebalances >= rebalances + 2; });
  say(0, "b", 100);
  expect_still();
  EXPECT_TRUE(is_paused(host));
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

TEST_F(Pauses, LetAKeyBeForgotten) {
  say(0, "a", 0);
  Host& host = start();
  run();
  pause(host);
  forget(host, "a");
  say(0, "a", 100);
  expect_still();
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept({.history_lost = true});
}

TEST_F(Pauses, AskedForBeforeARestartOfTheSlotHoldAfterIt) {
  say(0, "a", 0);
  Host& host = start();
  run();
  say(0, "b", 100);
  run_until_step(host, Step::offsets_sent);
  world().faults.once(Fault::unknown_outcome);
  pause(host);
  EXPECT_EQ(host.status().counters.restarts, 1U);
  say(0, "c", 200);
  run_until("it has its partitions again", [&] { return host.status().partitions.size() == 2; });
  expect_still();
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

TEST_F(Pauses, StartNoPartitionThatIsStoppedAtARejectedMessage) {
  Host& host = paused_after_a_rejected_message();
  EXPECT_TRUE(is_stopped(host, 0)) << "also while it is paused";
  host.slot().resume();
  say(1, "c", 100);
  run_until("the other partition goes on", [&] { return committed(1) == 1; });
  go_on_for(10'000);
  EXPECT_TRUE(is_stopped(host, 0));
  EXPECT_EQ(committed(0), 1);
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  expect_kept();
}

TEST_F(Pauses, HoldAPartitionThatIsToldToSkip) {
  Host& host = paused_after_a_rejected_message();
  EXPECT_TRUE(skip(host, in(0), 1));
  expect_still();
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 3}));
  expect_kept();
}

TEST_F(Pauses, StartNoPartitionWithoutAnOutputPartition) {
  say(0, "a", 0);
  Host& host = start();
  run();
  cluster().add_partitions("in", 1);
  say(2, "n", 100);
  run_until("it is stopped", [&] { return is_stopped(host, 2); });
  pause(host);
  host.slot().resume();
  say(0, "b", 200);
  run_until("the others go on", [&] { return committed(0) == 2; });
  go_on_for(10'000);
  EXPECT_TRUE(is_stopped(host, 2));
  EXPECT_EQ(published(), (Ids{1, 3}));
  EXPECT_EQ(committed(2), 0) << "its start";
}

TEST_F(Pauses, StartNoPartitionWithoutItsHistory) {
  options.slot.on_missing_history = OnMissingHistory::stop;
  say(0, "a", 0);
  Host& first = start("A");
  run();
  first.stop();
  Host& host = start("B", "A");
  run_until("it is stopped", [&] { return is_stopped(host, 0); });
  pause(host);
  host.slot().resume();
  say(0, "b", 100);
  say(1, "c", 100);
  run_until("the other goes on", [&] { return committed(1) == 1; });
  go_on_for(10'000);
  EXPECT_TRUE(is_stopped(host, 0));
  EXPECT_EQ(published(), (Ids{1, 3}));
}

TEST_F(Pauses, EndWithNoBackOffThatEndsMeanwhile) {
  say(0, "a", 0);
  Host& host = start();
  run();
  world().faults.set(Fault::store_failure, 1'000);
  say(0, "b", 100);
  run_until("it backs off", [&] { return host.status().state == "paused"; });
  auto asked = host.slot().pause("alice");
  run_until("it is paused", [&] { return asked.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  world().faults.end();
  expect_still();
  host.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

TEST_F(Pauses, LetMissingHistoryBeReadAndNothingBePublished) {
  options.slot.max_batch = 1;
  for (const char* key : {"a", "b", "c"}) say(0, key, 0);
  Host& first = start("A");
  run();
  first.stop();
  for (const char* key : {"b", "d"}) say(0, key, 100);
  Host& second = start("B", "A");
  run_until_step(second, Step::rebuilding);
  auto asked = second.slot().pause("alice");
  run_until("it is paused", [&] { return asked.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  EXPECT_TRUE(asked.get());
  run_until("the history is read", [&] { return is_paused(second) && second.status().counters.rebuilt == 3; });
  expect_still();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  second.slot().resume();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5}));
  expect_kept({.history_read_again = true});
}

TEST_F(Pauses, LetTheProcessStopCleanly) {
  say(0, "a", 0);
  Host& host = start();
  run();
  pause(host);
  static_cast<void>(host.slot().pause("bob"));
  host.stop();
  EXPECT_FALSE(host.running());
  EXPECT_EQ(host.last_exit(), std::nullopt) << host.last_error();
  say(0, "b", 100);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
