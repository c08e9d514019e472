// A store that lacks the history of what the group has consumed.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::OnMissingHistory;

class MissingHistory : public Scenario {
 protected:
  /// A host has consumed two messages of partition 0 and is gone with its store; another one starts on an empty store.
  Host& on_an_empty_store(OnMissingHistory what) {
    options.slot.on_missing_history = what;
    say(0, "a", 0);
    say(0, "b", 100);
    Host& first = start("A");
    run();
    first.stop();
    return start("B", "A");
  }

  /// A host has consumed a message of each partition and is gone with its store.
  void one_message_each() {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& first = start("A");
    run();
    first.stop();
  }
};

TEST_F(MissingHistory, IsReadAgainAndNothingOfItIsPublished) {
  Host& host = on_an_empty_store(OnMissingHistory::rebuild);
  for (const char* key : {"a", "b", "c"}) say(0, key, 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 5}));
  EXPECT_EQ(host.status().counters.rebuilt, 2U);
  EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
  EXPECT_FALSE(host.has_warned("what repeats an older key is published")) << "all of the window is there";
  expect_kept({.history_read_again = true});
}

TEST_F(MissingHistory, IsShownAsBeingReadAgainFromTheAssignmentOnAndAsReadOnlyWithItsMessagesCounted) {
  Host& host = on_an_empty_store(OnMissingHistory::rebuild);
  int shown = 0;
  run_until("it is shown that it runs", [&] {
    cluster().pass_time(100);  // enough for each step to be shown
    const dedup::SlotStatus status = host.status();
    if (status.partitions.empty()) return false;
    shown += status.partitions.front().mode == dedup::PartitionMode::rebuilding ? 1 : 0;
    return status.partitions.front().mode == dedup::PartitionMode::running;
  });
  EXPECT_GT(shown, 1);
  EXPECT_EQ(host.status().counters.rebuilt, 2U);
  expect_kept({.history_read_again = true});
}

/// The input's log has lost a part of what a host has consumed that is gone with its store; another one starts.
class HistoryInPart : public MissingHistory {
 protected:
  /// Messages a to d, 10 s apart, of which the log keeps those from this offset on.
  Host& kept_from(std::int64_t offset) {
    cluster().pass_time(30'000);
    for (const char* key : {"a", "b", "c", "d"}) say(0, key, std::int64_t{10'000} * (key[0] - 'a'));
    Host& first = start("A");
    run();
    first.stop();
    cluster().log(in(0))->truncate_head(offset);
    Host& host = start("B", "A");
    for (const char* key : {"a", "d", "e"}) say(0, key, 30'100);
    run();
    return host;
  }
};

TEST_F(HistoryInPart, IsReadAgainAndAWarningSaysFromWhenOnTheWindowIsCovered) {
  Host& host = kept_from(2);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 7})) << "a is not known any more, d is";
  EXPECT_EQ(host.status().counters.rebuilt, 2U);
  EXPECT_EQ(host.status().effective_window_ms, 10'100);
  EXPECT_TRUE(
      host.has_warned("in[0]: its history could not be read back as far as the window reaches: of 1m are 10s "
                      "covered now, from stream time 2027-01-15T08:00:20.000Z on"));
  EXPECT_FALSE(host.has_warned("in[1]"));
}

TEST_F(HistoryInPart, ThatIsNoneIsAWarningToo) {
  Host& host = kept_from(4);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(host.status().effective_window_ms, 0);
  EXPECT_TRUE(
      host.has_warned("in[0]: this store has not recorded what was consumed before offset 4, and the input's log "
                      "no longer has it: the window is covered only from now on, and whole again after 1m"));
  EXPECT_FALSE(host.has_warned("in[1]"));
}

TEST_F(MissingHistory, OfAPartitionThatRetentionHasEmptiedCountsInTheBegunWindowFromItsFirstMessageOn) {
  one_message_each();
  for (const std::int32_t number : {0, 1}) cluster().log(in(number))->truncate_head(1);
  Host& host = start("B", "A");
  run_until("it runs", [&] { return host.status().state == "running"; });
  EXPECT_EQ(host.status().begun_window_ms, 0) << "of no partition anything is known";
  say(1, "c", 100);
  run();
  cluster().pass_time(20'000);
  say(1, "d", 20'100);
  run();
  EXPECT_EQ(host.status().begun_window_ms, 20'000) << "that of partition 1";
  EXPECT_EQ(host.status().effective_window_ms, 0) << "it may repeat a";
  say(0, "e", 20'200);
  run();
  EXPECT_EQ(host.status().begun_window_ms, 0);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5}));
  expect_kept({.history_lost = true});
}

TEST_F(MissingHistory, ThatIsNotReadCountsInTheBegunWindowAtOnce) {
  options.slot.on_missing_history = OnMissingHistory::warn;
  one_message_each();
  cluster().log(in(1))->truncate_head(1);
  Host& host = start("B", "A");
  say(1, "c", 100);
  run();
  cluster().pass_time(20'000);
  say(1, "d", 20'100);
  run();
  EXPECT_EQ(host.status().begun_window_ms, 0) << "of partition 0, whose log has a, which was not read";
}

TEST_F(MissingHistory, IsReadAgainFromTheStartWhenTheProcessIsKilledMeanwhile) {
  Host& host = on_an_empty_store(OnMissingHistory::rebuild);
  host.crash_at_step(1, dedup::Step::rebuilding);
  run_until("killed", [&] { return !host.running(); });
  for (const char* key : {"a", "b", "c"}) say(0, key, 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 5}));
  expect_kept({.history_read_again = true});
}

TEST_F(MissingHistory, WithWarnIsReportedAndTheWindowBeginsAnew) {
  Host& host = on_an_empty_store(OnMissingHistory::warn);
  for (const char* key : {"a", "c", "a"}) say(0, key, 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4})) << "a is not recognised, but from now on it is";
  EXPECT_EQ(host.status().counters.rebuilt, 0U);
  EXPECT_TRUE(host.has_warned("in[0]: this store has not recorded offsets 0 to 2"));
  EXPECT_TRUE(host.has_warned("the window is covered only from now on, and whole again after 1m of stream time"));
  EXPECT_EQ(host.status().effective_window_ms, 0) << "no silent shortening";
  cluster().pass_time(20'000);
  say(0, "d", 20'200);
  run();
  EXPECT_EQ(host.status().effective_window_ms, 20'000);
  expect_kept({.history_lost = true});
}

TEST_F(MissingHistory, WithStopStopsThatPartitionAndTheOthersGoOn) {
  Host& host = on_an_empty_store(OnMissingHistory::stop);
  say(0, "c", 200);
  say(1, "d", 200);
  run_until("partition 1 goes on", [&] { return committed(1) == 1; });
  EXPECT_EQ(published(), (Ids{1, 2, 4}));
  ASSERT_TRUE(is_stopped(host, 0));
  EXPECT_NE(partition(host, 0).reason.find("firstseen store prime"), std::string::npos) << partition(host, 0).reason;
  EXPECT_EQ(committed(0), 2);
  host.change_options([](dedup::SlotOptions& slot) { slot.on_missing_history = OnMissingHistory::rebuild; });
  host.stop();
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4}));
  expect_kept({.history_read_again = true});
}

}  // namespace
}  // namespace firstseen::simulation
