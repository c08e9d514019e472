// Messages without a key, and messages that the output's broker refuses.
#include <algorithm>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::RejectRoute;

class Rejects : public Scenario {
 protected:
  /// a, poison, b in partition 0; c in partition 1.
  Host& meet_poison(RejectRoute route) {
    options.slot.rejects = route;
    say(0, "a", 0);
    say_poison(0);
    say(0, "b", 0);
    say(1, "c", 0);
    return start();
  }
  static Input too_large(const std::string& key) {
    Input input;
    input.key = key;
    input.too_large = true;
    return input;
  }
  void expect_stopped_at_1(Host& host) {
    run_until("stopped", [&] { return is_stopped(host, 0) && committed(0) == 1 && committed(1) == 1; });
    const std::string reason = partition(host, 0).reason;
    EXPECT_NE(reason.find("in[0] offset 1 is rejected: undeliverable"), std::string::npos) << reason;
    EXPECT_NE(reason.find("firstseen skip in 0 1"), std::string::npos) << reason;
  }
};

TEST_F(Rejects, WithStopStopThatPartitionAndSkipGoesOn) {
  Host& host = meet_poison(RejectRoute::stop);
  run_until("stopped", [&] { return is_stopped(host, 0) && committed(0) == 1 && committed(1) == 1; });
  EXPECT_EQ(published(), (Ids{1, 4}));
  const std::string reason = partition(host, 0).reason;
  EXPECT_NE(reason.find("in[0] offset 1 is rejected"), std::string::npos) << reason;
  EXPECT_NE(reason.find("firstseen skip in 0 1"), std::string::npos) << reason;
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  EXPECT_EQ(published("rejects"), Ids{});
  EXPECT_EQ(host.status().counters.rejected, 1U);
  EXPECT_EQ(host.status().counters.rejected_by_reason.at("skipped"), 1U);
  expect_kept();
}

TEST_F(Rejects, StoppedAtStayStoppedAfterARestart) {
  Host& host = meet_poison(RejectRoute::stop);
  run_until("stopped", [&] { return is_stopped(host, 0) && committed(0) == 1; });
  host.crash();
  host.start();
  run_until("stopped again", [&] { return is_stopped(host, 0); });
  EXPECT_EQ(partition(host, 0).next_offset, 1);
  EXPECT_EQ(published(), (Ids{1, 4}));
}

TEST_F(Rejects, SkippedMustBeTheOnesAtWhichAPartitionHasStopped) {
  Host& host = meet_poison(RejectRoute::stop);
  run_until("stopped", [&] { return is_stopped(host, 0) && committed(1) == 1; });
  const auto expect_refused = [&](const TopicPartition& tp, std::int64_t offset, const std::string& text) {
    const auto answer = skip(host, tp, offset);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().exit, Exit::bad_data);
    EXPECT_NE(answer.error().message.find(text), std::string::npos) << answer.error().message;
  };
  expect_refused(in(0), 0, "in[0] is stopped at offset 1, not at 0");
  expect_refused(in(0), 2, "in[0] is stopped at offset 1, not at 2");
  expect_refused(in(1), 1, "in[1] is not stopped");
  expect_refused(in(7), 0, "in[7] is not assigned to this instance");
  expect_refused({"other", 0}, 0, "other[0] is not assigned to this instance");
  EXPECT_TRUE(is_stopped(host, 0));
  EXPECT_EQ(published(), (Ids{1, 4}));
}

TEST_F(Rejects, SkippedStaySkippedWhenTheirBatchAborts) {
  Host& host = meet_poison(RejectRoute::stop);
  run_until("stopped", [&] { return is_stopped(host, 0) && committed(0) == 1 && committed(1) == 1; });
  world().faults.once(Fault::abortable);
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  EXPECT_EQ(host.status().counters.batches_aborted, 1U);
  EXPECT_EQ(host.status().counters.rejected, 1U);
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  expect_kept();
}

TEST_F(Rejects, GoToTheirTopicWithTheReasonInHeaders) {
  Host& host = meet_poison(RejectRoute::topic);
  run();
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  EXPECT_EQ(published("rejects"), (Ids{2}));
  EXPECT_EQ(host.status().counters.rejected, 1U);
  const auto added = cluster().log({"rejects", 0})->at(0).record.headers;
  const auto has = [&](const Header& header) { return std::find(added.begin(), added.end(), header) != added.end(); };
  const Record& rejected = world().workload.inputs().at({in(0), 1}).record;
  EXPECT_TRUE(has({"firstseen.topic", "in"}) && has({"firstseen.partition", "0"}) && has({"firstseen.offset", "1"}));
  EXPECT_TRUE(has({"firstseen.reason", rejected.value ? "malformed_payload" : "missing_part"}));
  expect_kept();
}

TEST_F(Rejects, WithDropAreCountedAndGone) {
  Host& host = meet_poison(RejectRoute::drop);
  run();
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  EXPECT_EQ(published("rejects"), Ids{});
  EXPECT_EQ(host.status().counters.rejected, 1U);
  expect_kept();
}

TEST_F(Rejects, WithPassArePublishedUnchecked) {
  Host& host = meet_poison(RejectRoute::pass);
  say_poison(0);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(host.status().counters.passed, 2U);
  EXPECT_EQ(host.status().counters.rejected, 0U);
  expect_kept();
}

TEST_F(Rejects, AMessageTooLargeForTheOutputTakesTheRejectsRouteAlone) {
  for (const RejectRoute route : {RejectRoute::topic, RejectRoute::drop}) {
    again();
    options.slot.rejects = route;
    for (const char* key : {"a", "b", "c"}) say(0, key, 0);
    say(0, too_large("big"));
    for (const char* key : {"d", "e", "big"}) say(0, key, 0);
    Host& host = start();
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 3, 5, 6, 7})) << "the refused message makes no entry: 7 is the first of its key";
    EXPECT_EQ(published("rejects"), route == RejectRoute::topic ? Ids{4} : Ids{});
    EXPECT_EQ(host.status().counters.rejected, 1U);
    EXPECT_EQ(host.status().counters.rejected_by_reason.at("undeliverable"), 1U);
    expect_kept();
  }
}

TEST_F(Rejects, AMessageTooLargeForTheOutputStopsItsPartitionWithStopAndWithPass) {
  for (const RejectRoute route : {RejectRoute::stop, RejectRoute::pass}) {
    again();
    options.slot.rejects = route;
    say(0, "a", 0);
    say(0, too_large("big"));
    say(0, "b", 0);
    say(1, "c", 0);
    Host& host = start();
    run_until("stopped", [&] { return is_stopped(host, 0) && committed(0) == 1 && committed(1) == 1; });
    EXPECT_EQ(published(), (Ids{1, 4}));
    EXPECT_TRUE(skip(host, in(0), 1));
    run();
    EXPECT_EQ(published(), (Ids{1, 3, 4}));
    expect_kept();
  }
}

TEST_F(Rejects, AMessageThatTheRejectsTopicRefusesTooStopsItsPartitionAlone) {
  options.rejects.max_message_bytes = Workload::large_bytes;
  say(0, "a", 0);
  say(0, too_large("big"));
  say(0, "b", 0);
  say(1, "c", 0);
  Host& host = start();
  expect_stopped_at_1(host);
  EXPECT_EQ(published(), (Ids{1, 4}));
  run_until("it runs for the others", [&] { return host.status().state == "running"; });
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  EXPECT_EQ(published(), (Ids{1, 3, 4}));
  EXPECT_EQ(published("rejects"), Ids{});
  EXPECT_EQ(host.status().counters.rejected_by_reason.at("skipped"), 1U);
  expect_kept({.rejects_refused = true});
}

TEST_F(Rejects, ADuplicateTooLargeForItsTopicIsRejectedAndStopsItsPartitionIfTheRejectsTopicRefusesItToo) {
  for (const bool rejects_takes_it : {true, false}) {
    SCOPED_TRACE(rejects_takes_it);
    again();
    options.slot.duplicates = dedup::DuplicateRoute::topic;
    options.duplicates.max_message_bytes = Workload::large_bytes;
    options.rejects.max_message_bytes = rejects_takes_it ? 10 * Workload::large_bytes : Workload::large_bytes;
    say(0, "a", 0);
    say(0, too_large("a"));
    say(0, "b", 0);
    say(1, "c", 0);
    Host& host = start();
    if (!rejects_takes_it) {
      expect_stopped_at_1(host);
      EXPECT_EQ(published(), (Ids{1, 4}));
      EXPECT_TRUE(skip(host, in(0), 1));
    }
    run();
    EXPECT_EQ(published(), (Ids{1, 3, 4}));
    EXPECT_EQ(published("duplicates"), Ids{});
    EXPECT_EQ(published("rejects"), rejects_takes_it ? Ids{2} : Ids{});
    EXPECT_EQ(host.status().counters.rejected_by_reason.at(rejects_takes_it ? "undeliverable" : "skipped"), 1U);
    expect_kept();
  }
}

TEST_F(Rejects, HalvingForAnImpossibleTimestampCondemnsExactlyTheCulprits) {
  for (const std::int64_t second : {7, 8, 12, 39}) {
    SCOPED_TRACE("the second culprit is message " + std::to_string(second));
    again();
    Ids expected;
    for (std::int64_t id = 1; id <= 40; ++id) {
      Input input;
      input.key = "k" + std::to_string(id);
      input.too_new = id == 7 || id == second;
      if (!input.too_new) expected.push_back(id);
      const std::int64_t ahead = input.too_new ? 10 * options.output.max_ahead_ms : 0;
      world().workload.produce_input(std::move(input), 0, world().clock.true_ms() + ahead);
    }
    Host& host = start();
    run();
    EXPECT_EQ(published(), expected);
    EXPECT_EQ(published("rejects"), second == 7 ? Ids{7} : (Ids{7, second}));
    EXPECT_EQ(host.status().counters.first_seen, expected.size());
    expect_kept();
  }
}

}  // namespace
}  // namespace firstseen::simulation
