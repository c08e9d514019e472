// Options that change while a slot runs: `firstseen reload`.
#include <chrono>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::DuplicateRoute;
using dedup::LiveOptions;
using dedup::RejectRoute;
using dedup::Step;

class Change : public Scenario {
 protected:
  [[nodiscard]] LiveOptions present() const { return dedup::live_options(options.slot); }
  Result<std::string> change(Host& host, LiveOptions wanted) {
    auto pending = host.slot().change(std::move(wanted));
    run_until("it is answered",
              [&] { return pending.answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    return pending.answer.get();
  }
  /// A message at this time, which the clock then shows.
  void say_at(const std::string& key, std::int64_t at_ms) {
    cluster().pass_time(at_ms - now_ms_);
    now_ms_ = at_ms;
    say(0, key, at_ms);
    run();
  }

 private:
  std::int64_t now_ms_ = 0;
};

TEST_F(Change, OfTheTtlHoldsFromTheNextMessageOn) {
  options.slot.ttl = Millis{60'000};
  Host& host = start();
  say_at("a", 0);
  say_at("a", 20'000);
  EXPECT_EQ(published(), Ids{1});
  LiveOptions shorter = present();
  shorter.ttl = Millis{10'000};
  ASSERT_TRUE(change(host, shorter));
  say_at("a", 25'000);
  EXPECT_EQ(published(), (Ids{1, 3})) << "seen 25 s ago";
  ASSERT_TRUE(change(host, present()));
  say_at("a", 50'000);
  EXPECT_EQ(published(), (Ids{1, 3})) << "seen 25 s ago, which is within the window again";
  EXPECT_EQ(host.status().configured_window_ms, 60'000);
}

TEST_F(Change, OfTheTtlIsReportedAsShortUntilItHasGrown) {
  options.slot.ttl = Millis{1'000};
  Host& host = start();
  for (std::int64_t at_ms = 0; at_ms <= 50'000; at_ms += 10'000) say_at("k" + std::to_string(at_ms), at_ms);
  EXPECT_EQ(host.status().effective_window_ms, 1'000);
  LiveOptions longer = present();
  longer.ttl = Millis{40'000};
  ASSERT_TRUE(change(host, longer));
  say_at("x", 60'000);
  EXPECT_EQ(host.status().configured_window_ms, 40'000);
  EXPECT_LT(host.status().effective_window_ms, 40'000) << "no silent shortening";
  say_at("y", 120'000);
  EXPECT_EQ(host.status().effective_window_ms, 40'000);
}

TEST_F(Change, OfTheRouteOfRejectsLetsAStoppedPartitionGoOn) {
  Host& host = stopped_at_poison();
  LiveOptions wanted = present();
  wanted.rejects = RejectRoute::topic;
  ASSERT_TRUE(change(host, wanted));
  run();
  EXPECT_EQ(published(), (Ids{1, 3}));
  EXPECT_EQ(published("rejects"), Ids{2});
  EXPECT_FALSE(is_stopped(host, 0));
}

TEST_F(Change, OfTheRouteOfDuplicatesHoldsForTheNextOnes) {
  Host& host = start();
  for (int i = 0; i < 2; ++i) say(0, "a", 0);
  run();
  EXPECT_EQ(published("duplicates"), Ids{});
  LiveOptions wanted = present();
  wanted.duplicates = DuplicateRoute::topic;
  ASSERT_TRUE(change(host, wanted));
  say(0, "a", 0);
  run();
  EXPECT_EQ(published("duplicates"), Ids{3});
}

TEST_F(Change, SurvivesARestartOfTheSlot) {
  Host& host = start();
  LiveOptions wanted = present();
  wanted.duplicates = DuplicateRoute::topic;
  ASSERT_TRUE(change(host, wanted));
  say(0, "a", 0);
  run_until_step(host, Step::offsets_sent);
  world().faults.once(Fault::unknown_outcome);
  run();
  EXPECT_EQ(host.status().counters.restarts, 1U);
  say(0, "a", 0);
  run();
  EXPECT_EQ(published("duplicates"), Ids{2});
}

TEST_F(Change, ThatTheStoreCannotKeepChangesNothing) {
  Host& host = stopped_at_poison();
  world().faults.set(Fault::store_failure, 1'000);
  LiveOptions wanted = present();
  wanted.ttl = Millis{1};
  wanted.rejects = RejectRoute::drop;
  const auto answer = change(host, wanted);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().exit, Exit::io);
  world().faults.end();
  EXPECT_TRUE(is_stopped(host, 0)) << "the route is what it was, too";
  EXPECT_EQ(host.status().configured_window_ms, options.slot.ttl.count());
}

TEST_F(Change, ThatWasTakenBackIsNeverMade) {
  Host& host = stopped_at_poison();
  LiveOptions wanted = present();
  wanted.rejects = RejectRoute::drop;
  auto pending = host.slot().change(wanted);
  EXPECT_TRUE(pending.take_back());
  EXPECT_FALSE(pending.take_back()) << "once";
  run_until("it is answered",
            [&] { return pending.answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  EXPECT_FALSE(pending.answer.get());
  go_on_for(5'000);
  EXPECT_TRUE(is_stopped(host, 0));
  auto made = host.slot().change(wanted);
  run_until("it is answered",
            [&] { return made.answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  EXPECT_FALSE(made.take_back()) << "too late";
  run();
  EXPECT_EQ(published(), (Ids{1, 3}));
}

}  // namespace
}  // namespace firstseen::simulation
