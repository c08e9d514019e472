// The window is another one after a restart.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

class GrownWindow : public Scenario {
 protected:
  /// A message of partition 0 with the time of its own, alone in its batch.
  void say_and_run(const std::string& key, std::int64_t at_ms) {
    const std::int64_t wait = at_ms - world().clock.steady_ms();
    if (wait > 0) cluster().pass_time(wait);
    say(0, key, at_ms);
    run();
  }
};

TEST_F(GrownWindow, KnowsWhatTheShorterOneStillHeldAndShowsWhatItCoversUntilItHasFilled) {
  Host& host = start();
  say_and_run("a", 10'000);
  say_and_run("b", 100'000);
  say_and_run("c", 101'000);  // with it a leaves the window of 60 s
  EXPECT_EQ(host.status().effective_window_ms, 60'000);
  host.stop();
  world().change_windows([](dedup::SlotOptions& slot) { slot.ttl = Millis(200'000); });
  host.start();
  say_and_run("a", 110'000);
  say_and_run("b", 180'000);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4})) << "a had left, b is within the longer window";
  EXPECT_EQ(host.status().configured_window_ms, 200'000);
  EXPECT_EQ(host.status().effective_window_ms, 140'000) << "no silent shortening: what was before 40,000 has left";
  say_and_run("d", 250'000);
  EXPECT_EQ(host.status().effective_window_ms, 200'000);
  say_and_run("b", 299'000);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 6}));
  expect_kept();
}

TEST_F(GrownWindow, IsReadAgainInFullByAnEmptyStore) {
  Host& first = start("A");
  for (const std::int64_t at_ms : {10'000, 100'000, 101'000}) say_and_run("k" + std::to_string(at_ms), at_ms);
  first.stop();
  world().change_windows([](dedup::SlotOptions& slot) { slot.ttl = Millis(200'000); });
  Host& second = start("B", "A");
  say_and_run("k10000", 110'000);
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  EXPECT_EQ(second.status().effective_window_ms, 200'000);
  expect_kept({.history_read_again = true});
}

}  // namespace
}  // namespace firstseen::simulation
