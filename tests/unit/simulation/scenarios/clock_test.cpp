// A clock that is wrong by years, message timestamps that are, and the window by the wall clock.
#include <algorithm>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

constexpr std::int64_t year_ms = 365LL * 24 * 3600 * 1000;
constexpr std::int64_t ten_years_ms = 10 * year_ms;

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

TEST_P(WrongClock, ForLongerThanTheWindowLeavesNothingTwice) {
  const auto say_now = [&](const std::string& key) { return say(0, key, world().clock.steady_ms()); };
  say_now("a");
  Host& host = start();
  run();
  world().clock.set_wall_error(GetParam());
  for (int i = 0; i < 15; ++i) {
    cluster().pass_time(10'000);
    say_now("during " + std::to_string(i));
    run();
  }
  say_now("b");
  run();
  world().clock.set_wall_error(0);
  cluster().pass_time(1'000);
  const std::int64_t again = say_now("b");
  const std::int64_t late = say_now("a");
  run();
  const Ids ids = published();
  EXPECT_FALSE(std::binary_search(ids.begin(), ids.end(), again)) << "a second later b is a duplicate";
  EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), late)) << "a has left the window long ago";
  EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
  expect_kept();
}

// Not ten: a clock that is that far behind has not been set at all.
INSTANTIATE_TEST_SUITE_P(By, WrongClock, testing::Values(ten_years_ms, -2 * year_ms),
                         [](const auto& one) { return one.param > 0 ? "YearsAhead" : "YearsBehind"; });

/// Behind by years from the first message on, so that nothing shows it.
class ClockBehindFromTheStart : public Scenario {
 protected:
  void record_under_it() {
    world().clock.set_wall_error(-2 * year_ms);
    say(0, "a", 0);
    host_ = &start();
    run();
  }
  void say_again_under_a_right_clock() {
    world().clock.set_wall_error(0);
    cluster().pass_time(1'000);
    say(0, "a", world().clock.steady_ms());
    run();
  }
  void expect_told() {
    EXPECT_EQ(published(), (Ids{1, 2})) << "published again within the window, so it must be told";
    EXPECT_LT(host_->status().effective_window_ms, options.slot.ttl.count());
    EXPECT_GT(partition(*host_, 0).covered_from_ms, SimClock::start_ms);
    EXPECT_TRUE(host_->has_warned("clock was behind"));
  }
  Host* host_ = nullptr;
};

TEST_F(ClockBehindFromTheStart, AndSetLaterShortensTheWindowAndTellsIt) {
  record_under_it();
  EXPECT_EQ(host_->status().counters.clipped_timestamps, 1U);
  say_again_under_a_right_clock();
  expect_told();

  host_->crash();
  host_->start();
  run_until("it is assigned", [&] { return host_->status().state == "running"; });
  EXPECT_LT(host_->status().effective_window_ms, options.slot.ttl.count()) << "the store keeps it";

  cluster().pass_time(61'000);
  say(0, "b", world().clock.steady_ms());
  run();
  EXPECT_EQ(host_->status().effective_window_ms, options.slot.ttl.count()) << "it is whole again";
  say(0, "b", world().clock.steady_ms());
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

TEST_F(ClockBehindFromTheStart, AndSetBeforeARestartIsToldToo) {
  record_under_it();
  host_->stop();
  world().clock.set_wall_error(0);
  host_->start();
  say_again_under_a_right_clock();
  expect_told();
  expect_kept();
}

TEST_F(ClockBehindFromTheStart, IsToldWhenTheBatchThatFindsItFalls) {
  record_under_it();
  host_->crash_at_step(1, dedup::Step::prepared);
  world().clock.set_wall_error(0);
  cluster().pass_time(1'000);
  say(0, "a", world().clock.steady_ms());
  run_until("it is killed", [&] { return !host_->running(); });
  host_->start();
  run();
  expect_told();
  expect_kept();
}

TEST_F(ClockBehindFromTheStart, WhereHistoryIsReadAgainIsTold) {
  say(0, "a", 0);
  host_ = &start();
  run();
  host_->stop();
  host_->lose_store();
  world().clock.set_wall_error(-2 * year_ms);
  host_->start();
  run_until("the history is read", [&] { return host_->status().state == "running"; });
  say_again_under_a_right_clock();
  expect_told();
  expect_kept({.history_read_again = true});
}

/// Ahead by more than the window, with a producer that is, too.
class ClockAhead : public Scenario {
 protected:
  ClockAhead() { options.output = {}; }  // a broker that takes any timestamp
  static constexpr std::int64_t ahead_ms = 120'000;
  std::int64_t now_ms() { return world().clock.steady_ms(); }

  /// Takes a message of the producer that is ahead.
  void take_ahead(const std::string& key) {
    say(0, key, now_ms() + ahead_ms);
    run();
  }
  void expect_stands_still(Host& host, std::int64_t stream_time_ms) {
    for (const char* key : {"x", "y", "z"}) {
      cluster().pass_time(10'000);
      take_ahead(key);
      EXPECT_EQ(partition(host, 0).stream_time_ms, stream_time_ms);
    }
    EXPECT_EQ(host.status().counters.clipped_timestamps, 3U);
  }
  void expect_healed(Host& host) {
    cluster().pass_time(ahead_ms);
    const std::int64_t at_ms = now_ms();
    const std::int64_t first = say(0, "healed", at_ms);
    run();
    EXPECT_EQ(partition(host, 0).stream_time_ms, SimClock::start_ms + at_ms);
    const std::int64_t again = say(1, "healed", at_ms);
    run();
    const Ids ids = published();
    EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), first));
    EXPECT_FALSE(std::binary_search(ids.begin(), ids.end(), again)) << "partitions agree on the time again";
  }
};

TEST_F(ClockAhead, MeanwhileAndSetBackIsNotCarriedOn) {
  say(0, "a", 0);
  Host& host = start();
  run();
  world().clock.set_wall_error(ahead_ms);
  take_ahead("b");
  const std::int64_t reached_ms = partition(host, 0).stream_time_ms;
  EXPECT_GE(reached_ms, SimClock::start_ms + ahead_ms);
  world().clock.set_wall_error(0);
  expect_stands_still(host, reached_ms);
  EXPECT_TRUE(host.has_warned("was ahead and has been set back"));
  expect_healed(host);
  expect_kept();
}

TEST_F(ClockAhead, FromTheStartAndSetBackIsToldAndHealsFromARestartOn) {
  world().clock.set_wall_error(ahead_ms);
  Host& host = start();
  take_ahead("a");
  world().clock.set_wall_error(0);
  EXPECT_FALSE(host.has_warned("was ahead and has been set back"));
  cluster().pass_time(1'000);
  take_ahead("b");
  const std::int64_t reached_ms = partition(host, 0).stream_time_ms;
  EXPECT_GE(reached_ms, SimClock::start_ms + ahead_ms);
  EXPECT_TRUE(host.has_warned("was ahead and has been set back"));
  host.stop();
  host.start();
  expect_stands_still(host, reached_ms);
  expect_healed(host);
  expect_kept();
}

using ClockNotSet = Scenario;

TEST_F(ClockNotSet, IsWaitedForAndNothingIsRecordedByIt) {
  world().clock.set_wall_error(-SimClock::start_ms);
  say(0, "a", 0);
  Host& host = start();
  go_on_for(5'000);
  EXPECT_EQ(committed(0), -1);
  EXPECT_EQ(host.status().state, "starting");
  EXPECT_NE(host.status().detail.find("clock shows 1970-01-01"), std::string::npos) << host.status().detail;
  EXPECT_TRUE(host.has_logged("clock shows 1970-01-01"));
  world().clock.set_wall_error(0);
  say(0, "a", world().clock.steady_ms());
  run();
  EXPECT_EQ(published(), Ids{1});
  EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
  EXPECT_EQ(host.status().counters.clipped_timestamps, 0U);
  expect_kept();
}

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
