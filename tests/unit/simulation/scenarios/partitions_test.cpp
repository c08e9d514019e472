// The input gains partitions; where a new group starts.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

class NewPartition : public Scenario {
 protected:
  NewPartition() { options.slot.start = dedup::StartAt::latest; }
  Host& started() {
    say(0, "old", 0);
    Host& host = start();
    run_until("the starts are committed", [&] { return committed(0) == 1 && committed(1) == 0; });
    return host;
  }
};

TEST_F(NewPartition, StartsAtTheEarliestEvenWithStartLatest) {
  Host& host = started();
  cluster().add_partitions("out", 1);
  cluster().add_partitions("in", 1);
  say(2, "n", 100);
  say(2, "n", 100);
  run();
  EXPECT_EQ(published(), (Ids{2}));
  say(0, "o", 200);
  say(2, "p", 200);
  run();
  EXPECT_EQ(published(), (Ids{2, 4, 5}));
  EXPECT_EQ(partition(host, 2).mode, dedup::PartitionMode::running);
  expect_kept();
}

TEST_F(NewPartition, ThatAppearedWhileTheProgramWasDownStartsAtTheEarliest) {
  Host& host = started();
  host.crash();
  cluster().add_partitions("out", 1);
  cluster().add_partitions("in", 1);
  say(2, "n", 100);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{2}));
  expect_kept();
}

TEST_F(NewPartition, WithoutAnOutputPartitionStopsAndSaysSoWhileTheOthersGoOn) {
  Host& host = started();
  cluster().add_partitions("in", 1);
  say(2, "n", 100);
  say(1, "m", 100);
  run_until("the others go on", [&] { return committed(1) == 1 && is_stopped(host, 2); });
  EXPECT_EQ(published(), (Ids{3}));
  const std::string reason = partition(host, 2).reason;
  EXPECT_NE(reason.find("in[2]: the output topic out has only 2 partitions"), std::string::npos) << reason;
  EXPECT_NE(reason.find("--partitions 3"), std::string::npos) << reason;
  EXPECT_EQ(committed(2), 0) << "its start, so that nothing that arrives meanwhile is skipped";

  cluster().add_partitions("out", 1);
  host.stop();
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{2, 3})) << "nothing of the new partition was skipped meanwhile";
  expect_kept();
}

class StartLatest : public Scenario {
 protected:
  StartLatest() { options.slot.start = dedup::StartAt::latest; }
};

TEST_F(StartLatest, SkipsNothingThatCameAfterTheStartWhereverTheProcessIsKilledBeforeItsFirstBatch) {
  for (const Step step : {Step::committed, Step::settled, Step::assigned}) {
    SCOPED_TRACE(std::string(dedup::step_name(step)));
    again();
    say(0, "old", 0);
    Host& host = start();
    host.crash_at_step(1, step);
    run_until("killed", [&] { return !host.running(); });
    for (const char* key : {"a", "b", "a"}) say(0, key, 100);
    say(1, "c", 100);
    host.start();
    run();
    EXPECT_EQ(published(), (Ids{2, 3, 5}));
    expect_kept();
  }
}

TEST_F(StartLatest, SkipsNothingWhenTheFirstBatchAborts) {
  say(0, "old", 0);
  Host& host = start();
  run_until_step(host, Step::assigned);
  world().faults.once(Fault::abortable);
  say(0, "a", 100);
  run_until("aborted", [&] { return host.status().counters.batches_aborted > 0; });
  host.crash();
  say(0, "b", 200);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{2, 3}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
