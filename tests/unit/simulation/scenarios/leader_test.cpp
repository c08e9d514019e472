// Partitions without a leader, or with one that does not answer, when they are assigned.
#include <memory>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

/// A client that counts the questions that only a leader can answer.
class CountsQuestions final : public ConsumerDecorator {
 public:
  CountsQuestions(std::unique_ptr<kafka::Consumer> inner, int& count)
      : ConsumerDecorator(std::move(inner)), count_(count) {}
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override {
    ++count_;
    return ConsumerDecorator::watermarks(tp);
  }

 private:
  int& count_;
};

class Leader : public Scenario {
 protected:
  /// One message in each partition, consumed by a host that is then killed.
  Host& consumed_and_killed() {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    run();
    host.crash();
    return host;
  }
  void lose_leader(std::int32_t partition, bool told = true) { cluster().lose_leader(in(partition), true, told); }
  void give_back(std::int32_t partition) { cluster().lose_leader(in(partition), false); }
  void run_until_asking(Host& host, const std::string& about) {
    run_until("the status tells " + about,
              [&] { return host.running() && host.status().detail.find(about) != std::string::npos; });
  }
  /// Messages 3, 4 and 5; 3 repeats the key of 1.
  void say_more() {
    say(0, "a", 100);
    say(0, "c", 100);
    say(1, "d", 100);
  }
};

TEST_F(Leader, LostHoldsUpNoOtherPartitionAndItsOwnBeginsByItselfOnceItIsBack) {
  for (const bool told : {true, false}) {
    SCOPED_TRACE(told ? "no leader" : "a leader that does not answer");
    again();
    Host& host = consumed_and_killed();
    lose_leader(0, told);
    say_more();
    host.start();
    run_until("partition 1 goes on and partition 0 waits", [&] { return committed(1) == 2 && is_stopped(host, 0); });
    const std::string reason = partition(host, 0).reason;
    EXPECT_NE(reason.find(told ? "in[0] has no leader" : "in[0]: the broker that leads it does not answer"),
              std::string::npos)
        << reason;
    EXPECT_TRUE(host.has_warned(reason));
    go_on_for(20'000);
    EXPECT_EQ(host.status().state, "running");
    EXPECT_TRUE(is_stopped(host, 0)) << "also after tries";
    EXPECT_EQ(committed(0), 1);
    EXPECT_EQ(published(), (Ids{1, 2, 5}));

    give_back(0);
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 4, 5}));
    EXPECT_FALSE(is_stopped(host, 0));
    EXPECT_EQ(host.status().counters.restarts, 0U);
    EXPECT_EQ(host.status().counters.batches_aborted, 0U);
    expect_kept();
  }
}

TEST_F(Leader, ThatIsAskedForIsWhatTheStatusTells) {
  Host& host = consumed_and_killed();
  lose_leader(0);
  host.start();
  run_until_asking(host, "in[0] has no leader");
  EXPECT_EQ(host.status().state, "starting") << "it is the coordinator's turn no more";
  expect_kept();
}

TEST_F(Leader, ThatIsElectedSoonIsWaitedForSoThatNoPartitionBeginsTwice) {
  Host& host = consumed_and_killed();
  lose_leader(0);
  say_more();
  host.start();
  run_until_asking(host, "in[0] has no leader");
  give_back(0);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5}));
  EXPECT_FALSE(host.has_warned("in[0] has no leader"));
  expect_kept();
}

TEST_F(Leader, ThatIsNotThereIsNotAskedSinceNothingElseIsDoneWhileTheClientWaits) {
  int questions = 0;
  options.interposers.consumer = [&](auto inner) {
    return std::make_unique<CountsQuestions>(std::move(inner), questions);
  };
  Host& host = consumed_and_killed();
  lose_leader(0);
  host.start();
  run_until("it waits", [&] { return is_stopped(host, 0); });
  const int asked = questions;
  go_on_for(20'000);
  EXPECT_EQ(questions, asked);
  give_back(0);
  run_until("it begins", [&] { return !is_stopped(host, 0); });
  expect_kept();
}

TEST_F(Leader, ThatDoesNotAnswerKeepsNoOtherWaitingPartitionFromBeginning) {
  options.partitions = 3;
  Host& host = consumed_and_killed();
  lose_leader(0, false);
  lose_leader(1, false);
  say_more();
  say(2, "e", 100);
  host.start();
  run_until("two wait", [&] { return committed(2) == 1 && is_stopped(host, 0) && is_stopped(host, 1); });
  give_back(1);
  run_until("one of them begins", [&] { return committed(1) == 2; });
  EXPECT_TRUE(is_stopped(host, 0));
  give_back(0);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 6}));
  expect_kept();
}

TEST_F(Leader, OfANewPartitionLetsTheOthersGoOnAndTheNewOneIsReadFromItsBeginning) {
  options.slot.start = dedup::StartAt::latest;
  Host& host = start();
  run_until("the starts are committed", [&] { return committed(0) == 0 && committed(1) == 0; });
  cluster().add_partitions("out", 1);
  cluster().add_partitions("in", 1);
  lose_leader(2);
  say(2, "n", 100);
  say(0, "o", 100);
  run_until("partition 0 goes on and the new one waits", [&] { return committed(0) == 1 && is_stopped(host, 2); });
  EXPECT_EQ(committed(2), -1) << "where it starts is not known yet";
  give_back(2);
  say(2, "n", 200);
  say(2, "p", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4}));
  expect_kept();
}

TEST_F(Leader, LostAtTheGroupsFirstStartAtTheLatestIsWaitedForByAllSoThatNothingOldIsPublishedAndNothingSkipped) {
  options.slot.start = dedup::StartAt::latest;
  say(0, "old", 0);
  say(1, "older", 0);
  lose_leader(1);
  Host& host = start();
  run_until_asking(host, "no partition begins before it");
  say(0, "a", 100);
  go_on_for(20'000);
  EXPECT_EQ(committed(0), -1);
  EXPECT_NE(host.status().detail.find("in[1] has no leader"), std::string::npos) << host.status().detail;
  give_back(1);
  run_until("both starts are committed", [&] { return committed(0) >= 1 && committed(1) >= 1; });
  say(1, "b", 200);
  run();
  EXPECT_EQ(published(), (Ids{3, 4}));
  expect_kept();
}

TEST_F(Leader, LostAtAFirstStartAtTheEarliestIsWaitedForByNoOther) {
  say(0, "a", 0);
  say(1, "b", 0);
  lose_leader(1);
  Host& host = start();
  run_until("partition 0 begins and partition 1 waits", [&] { return committed(0) == 1 && is_stopped(host, 1); });
  give_back(1);
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

TEST_F(Leader, LostLosesAndDoublesNothingWhereverTheProcessIsKilledMeanwhile) {
  for (const Step step : {Step::started, Step::assigned, Step::taken, Step::prepared, Step::offsets_sent}) {
    for (const bool waiting : {true, false}) {
      SCOPED_TRACE(std::string(waiting ? "while it waits, at " : "when it begins, at ") +
                   std::string(dedup::step_name(step)));
      if (step == Step::started && !waiting) continue;  // that is only once in a process
      again();
      Host& host = consumed_and_killed();
      lose_leader(0);
      say_more();
      host.start();
      if (!waiting) {
        run_until("it waits", [&] { return committed(1) == 2 && is_stopped(host, 0); });
        give_back(0);
      }
      host.crash_at_step(1, step);
      run_until("killed", [&] { return !host.running(); });
      host.start();
      if (waiting) {
        run_until("it waits", [&] { return committed(1) == 2 && is_stopped(host, 0); });
        give_back(0);
      }
      run();
      EXPECT_EQ(published(), (Ids{1, 2, 4, 5}));
      expect_kept();
    }
  }
}

/// Partition 1 waits where it was; its next message is within the window of partition 0's first, beyond which partition
/// 0 moves on.
TEST_F(Leader, LostHoldsTheSweepWhereItsPartitionWaits) {
  say(0, "a", 0);
  say(1, "b", 0);
  Host& host = start();
  run();
  host.stop();
  lose_leader(1);
  say(1, "a", 50'000);
  cluster().pass_time(100'000);
  say(0, "c", 100'000);
  host.start();
  run_until("c is consumed", [&] { return committed(0) == 2; });
  say(0, "d", 100'100);
  run_until("d is consumed", [&] { return committed(0) == 3; });
  ASSERT_TRUE(is_stopped(host, 1));
  EXPECT_FALSE(partition(host, 1).at_end);
  give_back(1);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5})) << "3 repeats the key of 1, 50 s later";
  EXPECT_EQ(host.status().counters.duplicates, 1U);
  EXPECT_EQ(host.status().counters.late, 0U);
  expect_kept();
}

/// A host comes back with an empty store: what the group has consumed of partition 0 cannot be read again for now.
class LeaderOfHistory : public Leader {
 protected:
  Host& without_history() {
    Host& host = consumed_and_killed();
    host.lose_store();
    lose_leader(0);
    host.start();
    run_until_asking(host, "in[0] has no leader");
    return host;
  }
};

TEST_F(LeaderOfHistory, IsWaitedForByAllPartitionsSinceTheirMessagesMayRepeatItsKeys) {
  Host& host = without_history();
  say(1, "a", 100);
  say(0, "c", 100);
  go_on_for(20'000);
  EXPECT_NE(host.status().detail.find("no partition begins before it"), std::string::npos) << host.status().detail;
  EXPECT_EQ(committed(1), 1);
  give_back(0);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4})) << "3 repeats the key of 1";
  expect_kept({.history_read_again = true});
}

TEST_F(Leader, OfHistoryThatIsNotReadAgainHoldsUpNoOtherAndTheShorterWindowIsToldAtOnce) {
  options.slot.on_missing_history = dedup::OnMissingHistory::warn;
  say(0, "a", 0);
  Host& host = start();
  run();
  host.crash();
  host.lose_store();
  lose_leader(0);
  say(1, "b", 100);
  host.start();
  run_until("partition 1 goes on and partition 0 waits", [&] { return committed(1) == 1 && is_stopped(host, 0); });
  EXPECT_EQ(host.status().effective_window_ms, 0) << "what partition 1 repeats of partition 0 is not known";
  EXPECT_TRUE(host.has_warned("in[0]: this store has not recorded offsets 0 to 1"));
  EXPECT_TRUE(host.has_warned("the window is covered only from now on"));
  give_back(0);
  run();
  expect_kept({.history_lost = true});
}

TEST_F(LeaderOfHistory, ThatIsWaitedForKeepsNoRequestWaiting) {
  Host& host = without_history();
  go_on_for(10'000);
  const auto answer = skip(host, in(0), 1);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("in[0] is not assigned"), std::string::npos) << answer.error().message;
  EXPECT_EQ(host.status().state, "starting") << "it was answered while asking";
}

TEST_F(LeaderOfHistory, ThatIsWaitedForLetsNoKeyBeForgottenThatTheHistoryWouldMakeKnownAgain) {
  Host& host = without_history();
  const auto early = ask_to_forget(host, "a");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().exit, Exit::try_again);
  EXPECT_NE(early.error().message.find("nothing was forgotten"), std::string::npos) << early.error().message;
  give_back(0);
  run_until("it runs", [&] { return host.status().state == "running"; });
  say(0, "a", 100);
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  forget(host, "a");
  say(0, "a", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4}));
  expect_kept({.history_read_again = true, .history_lost = true});
}

TEST_F(LeaderOfHistory, ThatIsWaitedForKeepsNoRebalanceWaiting) {
  without_history();
  start("B");
  say(1, "d", 100);
  run_until("whoever has partition 1 goes on", [&] { return committed(1) == 2; });
  say(0, "c", 100);
  give_back(0);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4}));
}

}  // namespace
}  // namespace firstseen::simulation
