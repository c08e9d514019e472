// An input topic that appears later, and its output topic later still.
#include <algorithm>
#include <string>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::PartitionMode;
using dedup::Step;

class LateTopic : public Scenario {
 protected:
  LateTopic() {
    options.slot.topics = {"in", "late"};
    options.slot.output_topic = "{topic}.out";
  }
  /// Consumes "in", the only topic that there is.
  Host& consumed() {
    cluster().create_topic("in.out", options.partitions);
    say(0, "a", 0);
    Host& host = start();
    run();
    return host;
  }
  /// The topic "late" with two partitions: x, y and x again in the first, z in the second.
  void appear() {
    cluster().create_topic("late", 1);
    cluster().add_partitions("late", 1);
    write(0, "x", 901);
    write(0, "y", 902);
    write(0, "x", 903);
    write(1, "z", 904);
  }
  void write(std::int32_t partition, const std::string& key, int id) {
    Record record;
    record.value = "K" + key + "|" + std::to_string(id) + "|";
    record.timestamp_ms = world().clock.true_ms();
    cluster().log({"late", partition})->append(record);
  }
  static dedup::PartitionStatus late(Host& host, std::int32_t number) {
    const auto partitions = host.status().partitions;
    const auto found = std::find_if(partitions.begin(), partitions.end(), [&](const dedup::PartitionStatus& one) {
      return one.tp == TopicPartition{"late", number};
    });
    return found == partitions.end() ? dedup::PartitionStatus() : *found;
  }
  void run_until_waiting(Host& host) {
    run_until("both late partitions wait", [&] {
      return late(host, 0).mode == PartitionMode::stopped && late(host, 1).mode == PartitionMode::stopped;
    });
  }
  /// Only its start is committed, so that nothing that arrives meanwhile is skipped.
  void expect_untouched(std::int32_t number) {
    const auto committed = cluster().committed_offset({"late", number});
    EXPECT_TRUE(!committed || committed->offset == 0) << number;
  }
};

TEST_F(LateTopic, WithoutItsOutputWaitsWhileTheOthersGoOnAndBeginsByItself) {
  Host& host = consumed();
  appear();
  run_until_waiting(host);
  const std::string reason = late(host, 0).reason;
  for (const char* part : {"late[0]: the output topic late.out does not exist",
                           "kafka-topics --create --topic late.out --partitions 2", "begins by itself"}) {
    EXPECT_NE(reason.find(part), std::string::npos) << part << " in " << reason;
  }
  EXPECT_TRUE(host.has_warned(reason));
  say(0, "b", 100);
  say(1, "a", 100);
  run();
  EXPECT_EQ(published("in.out"), (Ids{1, 2}));
  go_on_for(20'000);
  EXPECT_EQ(host.status().state, "running");
  EXPECT_EQ(host.status().counters.batches_aborted, 0U) << "no batch fails for it";
  expect_untouched(0);
  expect_untouched(1);

  cluster().create_topic("late.out", 2);
  run_until("the late topic is published", [&] { return published("late.out") == Ids{901, 902, 904}; });
  for (const char* key : {"a", "c"}) say(0, key, 200);
  run();
  EXPECT_EQ(published("in.out"), (Ids{1, 2, 5}));
  EXPECT_EQ(published("late.out"), (Ids{901, 902, 904}));
  EXPECT_EQ(late(host, 0).mode, PartitionMode::running);
  EXPECT_EQ(late(host, 1).mode, PartitionMode::running);
  EXPECT_EQ(host.status().counters.batches_aborted, 0U);
  EXPECT_EQ(host.status().counters.restarts, 0U);
}

TEST_F(LateTopic, SkipsNothingThatArrivesWhileItWaitsThoughItStartsAtTheLatest) {
  options.slot.start = dedup::StartAt::latest;
  Host& host = consumed();
  cluster().create_topic("late", 1);
  cluster().add_partitions("late", 1);
  run_until_waiting(host);
  run_until("its start is committed", [&] { return cluster().committed_offset({"late", 0}).has_value(); });
  write(0, "x", 901);
  write(0, "x", 902);
  go_on_for(10'000);
  cluster().create_topic("late.out", 2);
  run_until("it is published", [&] { return published("late.out") == Ids{901}; });
  EXPECT_EQ(late(host, 0).mode, PartitionMode::running);
}

TEST_F(LateTopic, WithAnOutputThatIsTooSmallBeginsWithWhatFits) {
  Host& host = consumed();
  appear();
  run_until_waiting(host);
  cluster().create_topic("late.out", 1);
  run_until("what fits is published", [&] { return published("late.out") == Ids{901, 902}; });
  run_until("the other says what it waits for now", [&] {
    return late(host, 1).reason.find("late[1]: the output topic late.out has only 1 partitions") != std::string::npos;
  });
  EXPECT_TRUE(host.has_warned("--alter --topic late.out --partitions 2"));
  expect_untouched(1);
  EXPECT_EQ(host.status().counters.batches_aborted, 0U);
}

TEST_F(LateTopic, ByKeyWaitsForItsOutputTooAndNeedsOnlyOnePartition) {
  options.slot.partitioner = dedup::Partitioner::key;
  Host& host = consumed();
  appear();
  run_until_waiting(host);
  cluster().create_topic("late.out", 1);
  run_until("it is published", [&] { return published("late.out") == Ids{901, 902, 904}; });
  EXPECT_EQ(host.status().counters.batches_aborted, 0U);
}

TEST_F(LateTopic, ThatBeginsLetsGoNoPartitionWhichHasStoppedForAnotherReason) {
  options.slot.rejects = dedup::RejectRoute::stop;
  Host& host = consumed();
  say_poison(0);
  say(0, "b", 100);
  run_until("stopped", [&] { return is_stopped(host, 0); });
  appear();
  run_until_waiting(host);
  run_until("stopped again after the rebalance", [&] { return is_stopped(host, 0); });
  cluster().create_topic("late.out", 2);
  run_until("the late topic is published", [&] { return published("late.out") == Ids{901, 902, 904}; });
  EXPECT_TRUE(is_stopped(host, 0));
  EXPECT_EQ(committed(0), 1);
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  EXPECT_EQ(published("in.out"), (Ids{1, 3}));
}

TEST_F(LateTopic, LosesNothingWhereverItsFirstBatchFailsOrTheProcessIsKilled) {
  for (const bool kill : {false, true}) {
    for (const Step step : {Step::taken, Step::prepared, Step::offsets_sent, Step::assigned}) {
      SCOPED_TRACE(std::string(kill ? "killed at " : "failed after ") + std::string(dedup::step_name(step)));
      again();
      Host& host = consumed();
      appear();
      run_until_waiting(host);
      cluster().create_topic("late.out", 2);
      if (kill) {
        host.crash_at_step(1, step);
        run_until("killed", [&] { return !host.running(); });
        host.start();
      } else {
        run_until_step(host, step);
        world().faults.once(Fault::abortable);
      }
      run_until("the late topic is published", [&] { return published("late.out") == Ids{901, 902, 904}; });
      say(0, "b", 100);
      run();
      EXPECT_EQ(published("in.out"), (Ids{1, 2}));
      EXPECT_EQ(published("late.out"), (Ids{901, 902, 904}));
    }
  }
}

/// A host comes back with an empty store, and partition 1 has no output any more.
class OutputOfHistory : public Scenario {
 protected:
  OutputOfHistory() { options.slot.output_topic = "{topic}.out"; }
  /// Messages 3 and 5 repeat keys of what was consumed, each that of the other partition.
  Host& without_history() {
    cluster().create_topic("in.out", options.partitions);
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    run();
    host.stop();
    host.lose_store();
    cluster().delete_topic("in.out");
    cluster().create_topic("in.out", 1);
    say(0, "b", 100);
    say(0, "c", 100);
    say(1, "a", 100);
    say(1, "d", 100);
    host.start();
    return host;
  }
  void run_until_only_that_waits(Host& host) {
    run_until("partition 0 goes on and partition 1 waits",
              [&] { return committed(0) == 3 && is_stopped(host, 1) && host.status().counters.consumed > 0; });
    EXPECT_NE(partition(host, 1).reason.find("in[1]: the output topic in.out has only 1 partitions"), std::string::npos)
        << partition(host, 1).reason;
  }
  void create_output_and_expect_nothing_twice(Host& host) {
    EXPECT_EQ(published("in.out"), (Ids{4})) << "3 repeats a key of the partition that waits";
    EXPECT_EQ(committed(1), 1);
    EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
    cluster().add_partitions("in.out", 1);
    run();
    EXPECT_EQ(published("in.out"), (Ids{4, 6}));
    EXPECT_FALSE(is_stopped(host, 1));
  }
};

TEST_F(OutputOfHistory, IsWaitedForOnlyAfterItsHistoryWasReadAgainSinceTheOthersMayRepeatItsKeys) {
  Host& host = without_history();
  run_until_only_that_waits(host);
  EXPECT_TRUE(host.has_warned("in[1]: this store has not recorded offsets 0 to 1"));
  EXPECT_EQ(host.status().counters.rebuilt, 2U);
  create_output_and_expect_nothing_twice(host);
  EXPECT_EQ(host.status().counters.rebuilt, 2U) << "it is read once";
  EXPECT_EQ(host.status().counters.batches_aborted, 0U);
  EXPECT_EQ(host.status().counters.restarts, 0U);
}

TEST_F(OutputOfHistory, IsWaitedForAgainWhenTheProcessIsKilledWhileItsHistoryIsReadAgain) {
  Host& host = without_history();
  host.crash_at_step(1, Step::rebuilding);
  run_until("killed", [&] { return !host.running(); });
  host.start();
  run_until_only_that_waits(host);
  create_output_and_expect_nothing_twice(host);
}

}  // namespace
}  // namespace firstseen::simulation
