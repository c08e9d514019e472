// Partitions that the broker lets nobody read for a while, and damaged ones.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

class Access : public Scenario {
 protected:
  /// One message in each partition, consumed.
  Host& consumed() {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    run();
    return host;
  }
};

TEST_F(Access, RefusedStopsThatPartitionWhichGoesOnByItselfOnceItIsGiven) {
  Host& host = consumed();
  cluster().refuse(in(0), true);
  for (const char* key : {"a", "c", "d"}) say(0, key, 100);
  say(1, "e", 100);
  run_until("partition 1 goes on and partition 0 is seen stopped",
            [&] { return committed(1) == 2 && is_stopped(host, 0); });
  const std::string reason = partition(host, 0).reason;
  EXPECT_NE(reason.find("in[0] cannot be read: topic authorization failed; trying again"), std::string::npos) << reason;
  EXPECT_TRUE(host.has_logged("in[0] cannot be read"));
  go_on_for(20'000);
  EXPECT_TRUE(is_stopped(host, 0)) << "also after tries";
  EXPECT_FALSE(is_stopped(host, 1));
  EXPECT_EQ(committed(0), 1);

  cluster().refuse(in(0), false);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 6}));
  EXPECT_FALSE(is_stopped(host, 0));
  EXPECT_TRUE(host.has_logged("in[0] is read again, from offset 1"));
  EXPECT_EQ(host.starts(), 1);
  EXPECT_EQ(host.status().counters.restarts, 0U);
  expect_kept();
}

TEST_F(Access, GivenBackToAPartitionThatIsAtItsEndIsSeenThere) {
  Host& host = consumed();
  cluster().refuse(in(0), true);
  run_until("stopped", [&] { return is_stopped(host, 0); });
  cluster().refuse(in(0), false);
  run_until("goes on", [&] { return !is_stopped(host, 0); });
  expect_kept();
}

TEST_F(Access, RefusedWhileItsBatchFailsLosesNothing) {
  for (const Step step : {Step::begun, Step::taken, Step::prepared, Step::offsets_sent}) {
    SCOPED_TRACE(std::string(dedup::step_name(step)));
    again();
    Host& host = consumed();
    for (const char* key : {"a", "c", "d", "e"}) say(0, key, 100);
    run_until_step(host, step);
    cluster().refuse(in(0), true);
    world().faults.once(Fault::abortable);
    say(0, "f", 100);
    run_until("the batch has fallen and the partition is stopped",
              [&] { return host.status().counters.batches_aborted > 0 && is_stopped(host, 0); });
    EXPECT_EQ(committed(0), 1);
    cluster().refuse(in(0), false);
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 4, 5, 6, 7}));
    expect_kept();
  }
}

TEST_F(Access, RefusedDoesNotKeepARebalanceFromMovingThePartition) {
  Host& host = consumed();
  cluster().refuse(in(0), true);
  say(0, "c", 100);
  run_until("stopped", [&] { return is_stopped(host, 0); });
  start("B");
  run_until("both have one partition",
            [&] { return host.status().partitions.size() == 1 && world().host(1).status().partitions.size() == 1; });
  cluster().refuse(in(0), false);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
}

TEST_F(Access, RefusedPartitionsAreNotSkipped) {
  Host& host = consumed();
  cluster().refuse(in(0), true);
  run_until("stopped", [&] { return is_stopped(host, 0); });
  const auto answer = skip(host, in(0), 1);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("is stopped for another reason: in[0] cannot be read"), std::string::npos)
      << answer.error().message;
}

TEST_F(Access, ToDamagedDataStopsThatPartitionUntilARestartAfterTheyAreMended) {
  Host& host = consumed();
  const Position damaged{in(0), 2};
  cluster().damage(damaged, true);
  for (const char* key : {"c", "d", "e"}) say(0, key, 100);
  run_until("stopped before the damage", [&] { return is_stopped(host, 0) && committed(0) == 2; });
  const std::string reason = partition(host, 0).reason;
  EXPECT_NE(reason.find("in[0] is damaged at offset 2: bad message. Mend the log and restart"), std::string::npos)
      << reason;
  EXPECT_NE(reason.find("input.on_gap: skip"), std::string::npos) << reason;
  say(1, "f", 100);
  run_until("the other goes on", [&] { return committed(1) == 2; });
  cluster().damage(damaged, false);
  go_on_for(20'000);
  EXPECT_EQ(committed(0), 2) << "what was read there is not trusted without a restart";
  host.stop();
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
