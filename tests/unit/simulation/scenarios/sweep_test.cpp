// What may be swept while a partition is behind: only what it can call no duplicate any more.
#include <memory>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

class Sweep : public Scenario {};

class CountsRewinds final : public ConsumerDecorator {
 public:
  CountsRewinds(std::unique_ptr<kafka::Consumer> inner, int& count)
      : ConsumerDecorator(std::move(inner)), count_(count) {}
  Result<void> rewind(std::span<const Position> positions) override {
    ++count_;
    return ConsumerDecorator::rewind(positions);
  }

 private:
  int& count_;
};

/// Partition 1 has been read to its end by a batch that falls, and cannot be read again for a while. Its message is
/// within the window of partition 0's first, beyond which partition 0 has moved on.
TEST_F(Sweep, WaitsForAPartitionWhoseBatchHasFallenAfterItsEndWasSeen) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    again();
    options.seed = seed;
    cluster().refuse(in(1), true);
    say(0, "a", 0);
    Host& host = start();
    run_until("a is consumed", [&] { return committed(0) == 1; });
    cluster().pass_time(100'000);
    say(0, "b", 100'000);
    run_until("b is consumed", [&] { return committed(0) == 2; });

    say(1, "a", 50'000);
    world().faults.once(Fault::abortable);
    cluster().refuse(in(1), false);
    run_until_step(host, Step::rolled_back);
    cluster().refuse(in(1), true);
    say(0, "c", 100'100);
    run_until("c is consumed", [&] { return committed(0) == 3; });
    EXPECT_EQ(committed(1), 0);

    cluster().refuse(in(1), false);
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 4})) << "3 repeats the key of 1, 50 s later";
    EXPECT_EQ(host.status().counters.duplicates, 1U);
    expect_kept();
  }
}

TEST_F(Sweep, WaitsForAPartitionThatHasStoppedAtARejectedMessage) {
  options.slot.rejects = dedup::RejectRoute::stop;
  say(0, "a", 0);
  say(1, "b", 0);
  Host& host = start();
  run();
  run_until("both are at their ends", [&] { return partition(host, 0).at_end && partition(host, 1).at_end; });
  say_poison(1);
  say(1, "a", 50'000);
  run_until("stopped", [&] { return is_stopped(host, 1); });
  EXPECT_FALSE(partition(host, 1).at_end);
  cluster().pass_time(100'000);
  say(0, "c", 100'000);
  run_until("c is consumed", [&] { return committed(0) == 2; });
  say(0, "d", 100'100);
  run_until("d is consumed", [&] { return committed(0) == 3; });
  EXPECT_TRUE(skip(host, in(1), 1));
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 5, 6})) << "4 repeats the key of 1, 50 s later";
  EXPECT_EQ(host.status().counters.duplicates, 1U);
  EXPECT_EQ(host.status().counters.late, 0U);
  expect_kept();
}

TEST_F(Sweep, WaitsForAPartitionThatIsRefusedAfterItsEndWasSeen) {
  say(0, "a", 0);
  say(1, "b", 0);
  Host& host = start();
  run();
  run_until("both are at their ends", [&] { return partition(host, 0).at_end && partition(host, 1).at_end; });
  cluster().refuse(in(1), true);
  run_until("refused", [&] { return !partition(host, 1).reason.empty(); });
  EXPECT_FALSE(partition(host, 1).at_end) << "nobody sees whether its log grows";
  say(1, "a", 50'000);
  cluster().pass_time(100'000);
  say(0, "c", 100'000);
  run_until("c is consumed", [&] { return committed(0) == 2; });
  say(0, "d", 100'100);
  run_until("d is consumed", [&] { return committed(0) == 3; });
  cluster().refuse(in(1), false);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 5})) << "3 repeats the key of 1, 50 s later";
  EXPECT_EQ(host.status().counters.duplicates, 1U);
  EXPECT_EQ(host.status().counters.late, 0U);
  expect_kept();
}

TEST_F(Sweep, WaitsForAPartitionWhoseLeaderIsSilentAfterItsEndWasSeen) {
  for (const bool told : {true, false}) {
    SCOPED_TRACE(told ? "no leader" : "a leader that does not answer");
    again();
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    run();
    run_until("both are at their ends", [&] { return partition(host, 0).at_end && partition(host, 1).at_end; });
    cluster().lose_leader(in(1), true, told);
    say(1, "a", 50'000);
    cluster().pass_time(100'000);
    say(0, "c", 100'000);
    run_until("c is consumed", [&] { return committed(0) == 2; });
    run_until("the end is in doubt", [&] { return partition(host, 1).lag == -1; });
    EXPECT_FALSE(partition(host, 1).at_end);
    say(0, "d", 100'100);
    run_until("d is consumed", [&] { return committed(0) == 3; });
    cluster().lose_leader(in(1), false);
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 4, 5})) << "3 repeats the key of 1, 50 s later";
    EXPECT_EQ(host.status().counters.duplicates, 1U);
    EXPECT_EQ(host.status().counters.late, 0U);
    run_until("its lag is known", [&] { return partition(host, 1).lag == 0; });
    expect_kept();
  }
}

/// The client tells of an end only once; it is asked again and again.
TEST_F(Sweep, GoesOnWithAPartitionThatStaysAtItsEnd) {
  say(0, "a", 0);
  say(1, "b", 0);
  Host& host = start();
  run();
  for (const std::int64_t at_ms : {100'000, 200'000, 300'000}) {
    cluster().pass_time(100'000);
    say(0, "c", at_ms);
    run();
    go_on_for(1'000);
    say(0, "d", at_ms + 1);
    run();
    EXPECT_EQ(host.status().store.swept_before_ms, SimClock::start_ms + at_ms - options.slot.ttl.count());
    EXPECT_TRUE(partition(host, 1).at_end);
  }
  expect_kept();
}

/// Each question makes the client fetch anew.
TEST_F(Sweep, AsksForNoEndThatDoesNotHoldItUp) {
  int rewinds = 0;
  options.interposers.consumer = [&](auto inner) { return std::make_unique<CountsRewinds>(std::move(inner), rewinds); };
  say(0, "a", 0);
  say(1, "b", 0);
  start();
  run();
  for (std::int64_t at_ms = 100; at_ms <= 2'000; at_ms += 100) {
    say(0, "c", at_ms);
    run();
  }
  go_on_for(60'000);
  EXPECT_EQ(rewinds, 0);
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
