// A key that a person asks to forget: published once more, and nothing in the store is kept for it any longer.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

class Forget : public Scenario {};

TEST_F(Forget, MakesTheNextMessageOfTheKeyBePublishedAndOnlyThat) {
  for (const char* key : {"a", "b", "a"}) say(0, key, 0);
  Host& host = start();
  run();
  forget(host, "a");
  for (const char* key : {"a", "a", "b"}) say(0, key, 100);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4}));
  expect_kept({.history_lost = true});
}

TEST_F(Forget, HoldsAfterAKillAndAfterACleanRestart) {
  for (const bool clean : {false, true}) {
    SCOPED_TRACE(clean ? "clean stop" : "kill -9");
    again();
    say(0, "a", 0);
    Host& host = start();
    run();
    forget(host, "a");
    clean ? host.stop() : host.crash();
    host.start();
    say(0, "a", 100);
    say(0, "a", 200);
    run();
    EXPECT_EQ(published(), (Ids{1, 2}));
    expect_kept({.history_lost = true});
  }
}

TEST_F(Forget, HoldsWhenTheBatchBehindItAborts) {
  say(0, "a", 0);
  Host& host = start();
  run();
  forget(host, "a");
  world().faults.once(Fault::abortable);
  say(0, "a", 100);
  run();
  EXPECT_EQ(host.status().counters.batches_aborted, 1U);
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept({.history_lost = true});
}

TEST_F(Forget, WaitsForTheBatchInHand) {
  say(0, "a", 0);
  Host& host = start();
  run_until_step(host, dedup::Step::published);
  forget(host, "a");
  EXPECT_EQ(published(), (Ids{1})) << "the batch in hand is finished first";
  say(0, "a", 100);
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept({.history_lost = true});
}

/// The stream is a month behind the clock, or behind a clock that is itself years ahead at that moment.
class ForgetBehind : public Scenario, public testing::WithParamInterface<std::int64_t> {
 protected:
  static constexpr std::int64_t month_ms = 30LL * 24 * 3600 * 1000;

  ForgetBehind() {
    options.partitions = 1;
    options.output = {};  // a broker that takes any timestamp
  }
  /// A message of so long after the stream's beginning, alone in its batch.
  void say_and_run(const std::string& key, std::int64_t at_ms) {
    say(0, key, at_ms - month_ms);
    run();
  }
};

TEST_P(ForgetBehind, KeepsNothingInTheStoreForLongerThanItsWindow) {
  Host& host = start();
  say_and_run("a", 0);
  say_and_run("b", 100);
  world().clock.set_wall_error(GetParam());
  forget(host, "a");
  world().clock.set_wall_error(0);
  for (const char* key : {"a", "a", "b"}) say_and_run(key, 200);
  say_and_run("c", 120'000);
  say_and_run("d", 120'100);  // with it what is older than the window of 60 s leaves
  EXPECT_EQ(published(), (Ids{1, 2, 3, 6, 7}));
  run_until("only c and d are in the store", [&] { return host.status().store.live_entries == 2; });
  EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
  expect_kept({.history_lost = true});
}

TEST_P(ForgetBehind, HidesTheKeyForAsLongAsItsEntriesAreInTheStore) {
  Host& host = start();
  say_and_run("a", 0);
  say_and_run("b", 59'000);
  world().clock.set_wall_error(GetParam());
  forget(host, "a");
  world().clock.set_wall_error(0);
  say_and_run("c", 59'900);
  host.crash();
  host.start();
  say_and_run("a", 59'950);
  say_and_run("a", 60'000);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4}));
  expect_kept({.history_lost = true});
}

INSTANTIATE_TEST_SUITE_P(By, ForgetBehind, testing::Values(0, 10LL * 365 * 24 * 3600 * 1000),
                         [](const auto& one) { return one.param == 0 ? "AMonth" : "AMonthWithAClockYearsAhead"; });

}  // namespace
}  // namespace firstseen::simulation
