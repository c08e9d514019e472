// A clock that is wrong by years, message timestamps that are, and the window by the wall clock.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

constexpr std::int64_t ten_years_ms = 10LL * 365 * 24 * 3600 * 1000;

class WrongClock : public Scenario, public testing::WithParamInterface<std::int64_t> {};

TEST_P(WrongClock, NeitherExpiresTheWindowNorExtendsIt) {
  say(0, "a", 0);
  Host& host = start();
  run();
  world().clock.set_wall_error(GetParam());
  say(0, "b", 100);
  say(0, "a", 100);
  run();
  world().clock.set_wall_error(0);
  say(0, "a", 200);
  say(0, "b", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  EXPECT_EQ(host.status().counters.duplicates, 3U);
  cluster().pass_time(61'000);
  say(0, "a", 61'300);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 6})) << "the window ends when it should";
  expect_kept();
}

TEST_P(WrongClock, AtARestartChangesNothingEither) {
  say(0, "a", 0);
  Host& host = start();
  run();
  host.crash();
  world().clock.set_wall_error(GetParam());
  host.start();
  say(0, "a", 100);
  say(0, "b", 100);
  run();
  host.stop();
  world().clock.set_wall_error(0);
  host.start();
  say(0, "a", 200);
  say(0, "b", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 3}));
  expect_kept();
}

INSTANTIATE_TEST_SUITE_P(By, WrongClock, testing::Values(ten_years_ms, -ten_years_ms),
                         [](const auto& one) { return one.param > 0 ? "YearsAhead" : "YearsBehind"; });

class WrongTimestamps : public Scenario {
 protected:
  WrongTimestamps() { options.output = {}; }  // a broker that takes any timestamp
};

TEST_F(WrongTimestamps, YearsAheadAreClippedAndCountedAndDoNotExpireTheWindow) {
  say(0, "a", 0);
  say(0, "mad", ten_years_ms);
  say(0, "a", 100);
  Host& host = start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  EXPECT_EQ(host.status().counters.clipped_timestamps, 1U);
  const std::int64_t stream_time = partition(host, 0).stream_time_ms;
  EXPECT_LE(stream_time, world().clock.wall_ms() + options.slot.max_skew.count());
  say(0, "mad", 2 * ten_years_ms);
  say(0, "a", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  EXPECT_EQ(host.status().counters.clipped_timestamps, 2U);
  expect_kept();
}

TEST_F(WrongTimestamps, YearsBehindAreJudgedByTheStreamTime) {
  say(0, "a", 0);
  say(0, "b", -ten_years_ms);
  say(0, "a", -ten_years_ms);
  say(0, "b", 100);
  start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

class WallClockWindow : public Scenario {
 protected:
  WallClockWindow() {
    options.slot.clock = dedup::WindowClock::wall_clock_time;
    options.output = {};
  }
};

TEST_F(WallClockWindow, IsMeasuredFromDecisionToDecisionWhateverTheTimestampsSay) {
  say(0, "a", 0);
  Host& host = start();
  run();
  cluster().pass_time(40'000);
  say(0, "a", ten_years_ms);
  say(0, "b", -ten_years_ms);
  run();
  EXPECT_EQ(published(), (Ids{1, 3})) << "40 s later a is a duplicate, though its timestamp says years";
  host.crash();
  cluster().pass_time(40'000);
  host.start();
  say(0, "a", 0);
  say(0, "b", 0);
  run();
  EXPECT_EQ(published(), (Ids{1, 3, 4})) << "a has left the window of 60 s, b has not";
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
