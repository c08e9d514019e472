// The slot restarts, or is assigned partitions anew, within a process that goes on.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client_decorator.h"
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

/// The names by which the brokers are reached lead to another cluster while the daemon runs.
class OtherCluster : public Scenario {
 protected:
  void expect_ends(Host& host) {
    run_until("it ends", [&] { return !host.running(); });
    EXPECT_EQ(host.last_exit(), Exit::config);
    EXPECT_NE(host.last_error().find("cluster: the store has 'a cluster', now it is 'another cluster'"),
              std::string::npos)
        << host.last_error();
    host.start();
    EXPECT_FALSE(host.running()) << "nor does it start";
  }
};

TEST_F(OtherCluster, MetByARestartEndsTheSlotBeforeItDecidesOnTheBatchInDoubt) {
  say(0, "a", 0);
  Host& host = start();
  run();
  for (const char* key : {"b", "c"}) say(0, key, 100);
  run_until_step(host, dedup::Step::prepared);
  world().faults.once(Fault::unknown_outcome);
  cluster().set_id("another cluster");
  expect_ends(host);
  EXPECT_FALSE(host.has_logged("was in doubt"));
  cluster().set_id("a cluster");
  host.start();
  run();
  EXPECT_TRUE(host.has_logged("was in doubt")) << "the store is as it was";
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

TEST_F(OtherCluster, MetByAClientThatLivesEndsTheSlotBeforeItTakesAnything) {
  for (const auto guarantee : {kafka::Guarantee::exactly_once, kafka::Guarantee::at_least_once}) {
    again();
    options.slot.guarantee = guarantee;
    say(0, "a", 0);
    Host& host = start();
    run();
    cluster().set_id("another cluster");
    world().faults.once(Fault::lost_assignment);
    run_until("it is lost", [this] { return world().faults.struck(Fault::lost_assignment) == 1; });
    say(0, "b", 100);
    expect_ends(host);
    EXPECT_EQ(committed(0), 1);
    cluster().set_id("a cluster");
    host.start();
    run();
    EXPECT_EQ(published(), (Ids{1, 2}));
    expect_kept();
  }
}

/// A client that is not told so often which cluster it has met.
class Untold final : public ConsumerDecorator {
 public:
  Untold(std::unique_ptr<kafka::Consumer> inner, int& silences)
      : ConsumerDecorator(std::move(inner)), silences_(silences) {}
  Result<std::optional<std::string>> cluster_id() override {
    if (silences_ == 0) return ConsumerDecorator::cluster_id();
    --silences_;
    return std::optional<std::string>{};
  }

 private:
  int& silences_;
};

TEST_F(OtherCluster, ThatNobodyTellsOfIsAskedForAgain) {
  int silences = 3;
  options.interposers.consumer = [&](auto inner) { return std::make_unique<Untold>(std::move(inner), silences); };
  say(0, "a", 0);
  Host& host = start();
  run_until("it waits", [&] { return host.has_warned("no broker tells the id of its cluster"); });
  EXPECT_EQ(host.status().state, "starting");
  run();
  EXPECT_EQ(silences, 0);
  silences = 3;
  world().faults.once(Fault::lost_assignment);
  say(0, "b", 100);
  run();
  run_until("it is told", [&] { return silences == 0; });
  EXPECT_EQ(host.status().counters.restarts, 0U);
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
