// What the status counts where a promise is weaker: late messages, keys in several partitions, timestamps below 1.
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

class Counted : public Scenario {
 protected:
  static dedup::Counters of(Host& host) { return host.status().counters; }
  /// Everything is consumed, and both partitions are known to have ended.
  void read_all(Host& host) {
    run();
    run_until("both are at their ends", [&] { return partition(host, 0).at_end && partition(host, 1).at_end; });
  }
  /// A message without a usable key, or with one, that carries this very timestamp.
  void say_at(std::int32_t partition, Input input, std::int64_t timestamp_ms) {
    world().workload.produce_input(std::move(input), partition, timestamp_ms);
  }
  static Input keyed(const std::string& key) {
    Input input;
    input.key = key;
    return input;
  }
  static Input poison() {
    Input input;
    input.kind = Input::Kind::poison;
    return input;
  }
};

/// Partition 0 has moved on by more than the window, and the sweep with it, since partition 1 is at its end: the first
/// two messages, of the very start, have left the store.
class Late : public Counted {
 protected:
  Host& swept() {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    read_all(host);
    cluster().pass_time(200'000);
    for (const char* key : {"c", "d", "e"}) {
      say(0, key, 200'000);
      read_all(host);
    }
    EXPECT_EQ(of(host).late, 0U);
    EXPECT_EQ(host.status().store.expired_entries, 2U);
    EXPECT_EQ(host.status().store.removed_before_ms, SimClock::start_ms + 1);
    return host;
  }
};

TEST_F(Late, AreMissesThatLookBackToWhatWasRemoved) {
  Host& host = swept();
  EXPECT_EQ(host.status().store.swept_before_ms, SimClock::start_ms + 200'000 - options.slot.ttl.count());
  say(1, "f", 10'000);
  say(1, "f", 10'001);
  run();
  EXPECT_EQ(of(host).duplicates, 1U);
  EXPECT_EQ(of(host).late, 1U) << "the second one's key was found: nothing was missed";
  say(1, "g", 60'000);
  run();
  EXPECT_EQ(of(host).late, 2U);
  say(1, "h", 60'001);
  run();
  EXPECT_EQ(of(host).late, 2U) << "swept far beyond, and yet whatever came within its window is still there";
  say(0, "i", 10'000);
  run();
  EXPECT_EQ(of(host).late, 2U) << "it is the stream time that counts, not the message's own";
  EXPECT_EQ(of(host).first_seen, 9U);
  expect_kept();
}

TEST_F(Late, IsNothingOfAPartitionThatCatchesUpWhereTheSweepHasRemovedNothing) {
  cluster().pass_time(200'000);
  Host& host = start();
  for (const char* key : {"a", "b", "c"}) {
    say(0, key, 200'000);
    read_all(host);
  }
  EXPECT_EQ(host.status().store.swept_before_ms, SimClock::start_ms + 200'000 - options.slot.ttl.count());
  EXPECT_EQ(host.status().store.removed_before_ms, -1);
  say(1, "d", 10'000);
  say(1, "e", 100'000);
  read_all(host);
  EXPECT_EQ(of(host).first_seen, 5U);
  EXPECT_EQ(of(host).late, 0U) << "every miss is proof";
  host.stop();
  host.start();
  say(1, "f", 110'000);
  run();
  EXPECT_EQ(of(host).first_seen, 1U);
  EXPECT_EQ(of(host).late, 0U) << "after a restart, too";
  expect_kept();
}

TEST_F(Late, AreKnownAfterARestart) {
  Host& host = swept();
  host.stop();
  host.start();
  say(1, "f", 10'000);
  run();
  EXPECT_EQ(of(host).late, 1U);
  expect_kept();
}

TEST_F(Late, AreCountedOnceThoughTheirBatchIsTakenTwice) {
  Host& host = swept();
  world().faults.once(Fault::abortable);
  say(1, "f", 10'000);
  run();
  EXPECT_EQ(of(host).batches_aborted, 1U);
  EXPECT_EQ(of(host).late, 1U);
  expect_kept();
}

TEST_F(Counted, DuplicatesAcrossPartitionsAreThoseWhoseFirstMessageCameFromAnother) {
  say(0, "a", 0);
  Host& host = start();
  run();
  say(0, "a", 100);
  run();
  EXPECT_EQ(of(host).duplicates, 1U);
  EXPECT_EQ(of(host).cross_partition, 0U);
  say(1, "a", 200);
  say(1, "a", 300);
  run();
  EXPECT_EQ(of(host).duplicates, 3U);
  EXPECT_EQ(of(host).cross_partition, 2U) << "found in the store";
  say(0, "b", 400);
  say(1, "b", 400);
  run();
  EXPECT_EQ(of(host).duplicates, 4U);
  EXPECT_EQ(of(host).cross_partition, 3U) << "whichever was taken first";
  EXPECT_EQ(of(host).first_seen, 2U);
  expect_kept();
}

TEST_F(Counted, DuplicatesAcrossPartitionsOfAnAbortedBatchAreCountedOnce) {
  say(0, "a", 0);
  Host& host = start();
  run();
  world().faults.once(Fault::abortable);
  say(1, "a", 100);
  say(1, "b", 100);
  run();
  EXPECT_GE(of(host).batches_aborted, 1U);
  EXPECT_EQ(of(host).duplicates, 1U);
  EXPECT_EQ(of(host).cross_partition, 1U);
  expect_kept();
}

TEST_F(Counted, TimestampsThatCannotBeCarriedAreThoseOfWhatIsPublished) {
  options.slot.duplicates = dedup::DuplicateRoute::drop;
  options.slot.rejects = dedup::RejectRoute::topic;
  say_at(0, keyed("a"), 1);
  Host& host = start();
  run();
  EXPECT_EQ(of(host).uncarried_timestamps, 0U) << "1 is carried";
  EXPECT_EQ(of(host).late, 0U) << "nothing was removed yet";
  say_at(0, keyed("b"), 0);
  say_at(0, keyed("c"), -1);
  say_at(0, keyed("b"), 0);
  run();
  EXPECT_EQ(of(host).duplicates, 1U);
  EXPECT_EQ(of(host).uncarried_timestamps, 2U) << "a dropped duplicate carries nothing";
  say_at(1, poison(), 0);
  run();
  EXPECT_EQ(of(host).uncarried_timestamps, 3U) << "the rejects topic gets it, too";
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

TEST_F(Counted, TimestampsOfDuplicatesThatAreKeptCountToo) {
  options.slot.duplicates = dedup::DuplicateRoute::topic;
  say_at(0, keyed("a"), 0);
  say_at(0, keyed("a"), 0);
  Host& host = start();
  run();
  EXPECT_EQ(published("duplicates"), Ids{2});
  EXPECT_EQ(of(host).uncarried_timestamps, 2U);
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
