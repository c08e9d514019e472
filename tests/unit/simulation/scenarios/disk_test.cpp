// The store's disk is full.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

class FullDisk : public Scenario {
 protected:
  Host& met() {
    say(0, "a", 0);
    Host& host = start();
    run();
    world().faults.set(Fault::store_failure, 1'000);
    for (const char* key : {"b", "a", "b"}) say(0, key, 100);
    say(1, "c", 100);
    run_until("paused", [&] { return host.status().state == "paused"; });
    return host;
  }
};

TEST_F(FullDisk, PausesPublishesNothingAndGoesOnWhenThereIsRoom) {
  Host& host = met();
  go_on_for(60'000);
  EXPECT_TRUE(host.running());
  EXPECT_EQ(host.status().state, "paused");
  EXPECT_NE(host.status().detail.find("disk full"), std::string::npos) << host.status().detail;
  EXPECT_EQ(published(), Ids{1});
  EXPECT_EQ(committed(0), 1);
  world().faults.end();
  const std::int64_t since = world().clock.steady_ms();
  run();
  EXPECT_LE(world().clock.steady_ms() - since, 6'000) << "the longest back-off is 5 s";
  EXPECT_EQ(published(), (Ids{1, 2, 5}));
  EXPECT_EQ(host.status().state, "running");
  expect_kept();
}

TEST_F(FullDisk, IsShownThroughEveryTryAndWithEverythingThatWaits) {
  Host& host = met();
  go_on_for(2'000);  // the end of the log is looked up once a second
  const auto tries = host.status().counters.batches_aborted;
  const std::int64_t until = world().clock.steady_ms() + 60'000;
  while (world().clock.steady_ms() < until) {
    world().step_all();
    const dedup::SlotStatus status = host.status();
    ASSERT_EQ(status.state, "paused") << status.detail;
    ASSERT_NE(status.detail.find("disk full"), std::string::npos) << status.detail;
    ASSERT_EQ(partition(host, 0).lag, 3) << "what is taken for a try is not done";
    ASSERT_EQ(partition(host, 0).next_offset, 1);
    ASSERT_FALSE(partition(host, 0).at_end);
  }
  EXPECT_GE(host.status().counters.batches_aborted, tries + 5);
  world().faults.end();
  run();
  EXPECT_EQ(host.status().state, "running");
  EXPECT_EQ(host.status().detail, "");
  expect_kept();
}

TEST_F(FullDisk, AndAKillLoseNothing) {
  Host& host = met();
  host.crash();
  host.start();
  go_on_for(10'000);
  EXPECT_EQ(published(), Ids{1});
  world().faults.end();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 5}));
  expect_kept();
}

TEST_F(FullDisk, WhileAPreparedBatchMustFallIsWaitedForBeforeAnythingElse) {
  say(0, "a", 0);
  Host& host = start();
  run();
  for (const char* key : {"b", "c"}) say(0, key, 100);
  run_until_step(host, dedup::Step::prepared);
  world().faults.once(Fault::abortable);
  world().faults.set(Fault::store_failure, 1'000);
  run_until("paused", [&] { return host.status().state == "paused"; });
  go_on_for(20'000);
  EXPECT_EQ(published(), Ids{1});
  world().faults.end();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
