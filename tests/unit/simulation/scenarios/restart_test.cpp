// The slot restarts within a process that goes on.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

class Restart : public Scenario {
 protected:
  Restart() {
    options.interposers.client = [this]() -> Result<void> {
      if (refusals_ == 0) return {};
      --refusals_;
      return fail(Exit::config, "librdkafka refuses the configuration: ssl.key.location failed: no such file");
    };
  }

  int refusals_ = 0;  ///< so often no client can be made
};

TEST_F(Restart, WhoseClientCannotBeMadeForAMomentIsTriedAgain) {
  say(0, "a", 0);
  Host& host = start();
  run();
  refusals_ = 2;
  world().faults.once(Fault::fatal);
  for (const char* key : {"b", "a"}) say(0, key, 100);
  run();
  EXPECT_EQ(refusals_, 0);
  ASSERT_TRUE(host.running()) << host.last_error();
  EXPECT_EQ(host.status().state, "running");
  EXPECT_EQ(host.status().counters.restarts, 3U);
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

TEST_F(Restart, IsNoneWhereTheFirstClientIsRefused) {
  refusals_ = 1;
  Host& host = start();
  run_until("it ends", [&] { return !host.running(); });
  EXPECT_EQ(host.last_exit(), Exit::config);
}

}  // namespace
}  // namespace firstseen::simulation
