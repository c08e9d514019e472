// A graceful stop, whatever the slot is doing and whether or not a broker answers.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

class GracefulStop : public Scenario, public testing::WithParamInterface<Step> {
 protected:
  /// In time: the host complains otherwise.
  void expect_stops(Host& host) {
    host.stop();
    EXPECT_FALSE(host.killed());
    EXPECT_EQ(host.last_exit(), std::nullopt) << host.last_error();
  }
  void expect_nothing_lost(Host& host) {
    for (const char* key : {"a", "b", "e"}) say(0, key, 200);
    host.start();
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 3, 7}));
    expect_kept();
  }
  /// A host that has just passed the step.
  Host& at(Step step) {
    if (step == Step::overlapping) options.slot.max_batch = 1;  // or one batch takes all that there is
    for (const char* key : {"a", "b"}) say(0, key, 0);
    say(1, "c", 0);
    say(1, "c", 0);
    Host& host = start();
    const bool of_an_abort = step == Step::aborting || step == Step::aborted || step == Step::rolled_back;
    if (of_an_abort) world().faults.once(Fault::abortable);
    run_until_step(host, step);
    return host;
  }
};

TEST_P(GracefulStop, LeavesInTimeAndLosesNothing) {
  Host& host = at(GetParam());
  expect_stops(host);
  expect_nothing_lost(host);
}

TEST_P(GracefulStop, LeavesInTimeThoughNoBrokerAnswers) {
  Host& host = at(GetParam());
  cluster().outage(50'000);
  expect_stops(host);
  expect_nothing_lost(host);
}

TEST_P(GracefulStop, LeavesInTimeWithAFullDisk) {
  Host& host = at(GetParam());
  world().faults.set(Fault::store_failure, 1'000);
  expect_stops(host);
  world().faults.end();
  expect_nothing_lost(host);
}

INSTANTIATE_TEST_SUITE_P(At, GracefulStop,
                         testing::Values(Step::started, Step::assigned, Step::overlapping, Step::begun, Step::published,
                                         Step::taken, Step::prepared, Step::offsets_sent, Step::committed,
                                         Step::settled, Step::aborting, Step::aborted, Step::rolled_back),
                         [](const auto& one) { return std::string(dedup::step_name(one.param)); });
static_assert(dedup::step_names.size() == 15, "a new step belongs into the list above; `rebuilding` is below");

class StopOf : public GracefulStop {};

TEST_F(StopOf, ASlotThatNeverReachedABrokerIsInTime) {
  for (const char* key : {"a", "b"}) say(0, key, 0);
  for (int i = 0; i < 2; ++i) say(1, "c", 0);
  cluster().outage(50'000);
  Host& host = start();
  go_on_for(3'000);
  expect_stops(host);
  expect_nothing_lost(host);
}

TEST_F(StopOf, ASlotThatIsKilledOnTheWayLosesNothing) {
  for (const Step step : {Step::committed, Step::settled, Step::stopping}) {
    SCOPED_TRACE(std::string(dedup::step_name(step)));
    again();
    Host& host = at(Step::published);
    host.stop(step);
    EXPECT_TRUE(host.killed());
    expect_nothing_lost(host);
  }
}

TEST_F(StopOf, ASlotThatWaitsForItsRestartIsInTime) {
  for (const char* key : {"a", "b"}) say(0, key, 0);
  for (int i = 0; i < 2; ++i) say(1, "c", 0);
  Host& host = start();
  run_until_step(host, Step::offsets_sent);
  world().faults.once(Fault::unknown_outcome);
  run_until("it restarts", [&] { return host.status().state == "restarting"; });
  expect_stops(host);
  expect_nothing_lost(host);
}

TEST_F(StopOf, ARebuildIsInTimeAndTheRestIsReadAtTheNextStart) {
  options.slot.max_batch = 1;
  for (const char* key : {"a", "b"}) say(0, key, 0);
  for (int i = 0; i < 2; ++i) say(1, "c", 0);
  Host& first = start("A");
  run();
  first.stop();
  Host& second = start("B", "A");
  run_until_step(second, Step::rebuilding);
  expect_stops(second);
  for (const char* key : {"a", "b", "e"}) say(0, key, 200);
  second.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 7}));
  expect_kept({.history_read_again = true});
}

}  // namespace
}  // namespace firstseen::simulation
