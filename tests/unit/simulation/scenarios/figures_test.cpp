// What a slot tells of itself.
#include <algorithm>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

class Figures : public Scenario {
 protected:
  static double seconds_of(const dedup::SlotStatus& status, dedup::BatchStep step) {
    return status.measures.steps[static_cast<std::size_t>(step)].sum();
  }
  static bool agree(const dedup::SlotStatus& status) {
    const dedup::Counters& counters = status.counters;
    return counters.consumed == counters.first_seen + counters.duplicates + counters.rejected + counters.passed &&
           status.measures.latency.count() == counters.consumed &&
           std::ranges::all_of(status.measures.steps,
                               [&](const Histogram& one) { return one.count() == counters.batches_committed; });
  }
};

TEST_F(Figures, AgreeWithEachOtherInEveryStatus) {
  for (const auto guarantee : {kafka::Guarantee::exactly_once, kafka::Guarantee::at_least_once}) {
    again();
    options.slot.guarantee = guarantee;
    options.slot.max_batch = 7;
    Host& host = start();
    for (int round = 0; round < 5; ++round) {
      for (const char* key : {"a", "b", "c", "d", "e", "f"}) say(round % 2, key, std::int64_t{100} * round);
      say_poison(0);
      run_until("all is consumed", [&] {
        EXPECT_TRUE(agree(host.status())) << host.status().counters.consumed;
        return world().drained();
      });
    }
    run();
    EXPECT_TRUE(agree(host.status()));
    EXPECT_GT(host.status().counters.batches_committed, 5U);
    expect_kept();
  }
}

TEST_F(Figures, TheLatencyIsFromTheTimestampToTheCommit) {
  say(0, "a", 0);
  say(1, "b", 0);
  cluster().pass_time(20'000);
  Host& host = start();
  run();
  const Histogram latency = host.status().measures.latency;
  EXPECT_EQ(latency.count(), 2U);
  EXPECT_GE(latency.sum(), 2 * 20.0);
  EXPECT_LT(latency.sum(), 2 * 30.0);
  EXPECT_EQ(latency.bound_of(1), 30.0);
  expect_kept();
}

TEST_F(Figures, ACommitThatTakesLongShowsInItsStepAndInNoOther) {
  say(0, "a", 0);
  Host& host = start();
  run();
  const dedup::SlotStatus before = host.status();
  say(0, "b", 100);
  run_until_step(host, dedup::Step::offsets_sent);
  cluster().pass_time(3'000);
  run();
  const dedup::SlotStatus after = host.status();
  const auto grown = [&](dedup::BatchStep step) { return seconds_of(after, step) - seconds_of(before, step); };
  EXPECT_GE(grown(dedup::BatchStep::commit), 3.0);
  EXPECT_LT(grown(dedup::BatchStep::publish), 1.0);
  EXPECT_LT(grown(dedup::BatchStep::prepare), 1.0);
  expect_kept();
}

TEST_F(Figures, BytesAreThoseOfKeysAndValuesTakenAndPublished) {
  for (const char* key : {"a", "b", "a", "a"}) say(0, key, 0);
  Host& host = start();
  run();
  std::uint64_t consumed = 0;
  std::uint64_t published = 0;
  for (const auto& [position, input] : world().workload.inputs()) {
    const Record& record = input.record;
    const std::uint64_t size = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
    consumed += size;
    if (position.offset < 2) published += size;  // the others are duplicates
  }
  EXPECT_EQ(host.status().counters.consumed_bytes, consumed);
  EXPECT_EQ(host.status().counters.published_bytes, published);
  expect_kept();
}

class Lag : public Scenario {
 protected:
  /// At the end of the log, for a long time; then the disk is full, and three messages come.
  Host& met_a_full_disk() {
    say(0, "a", 0);
    Host& host = start();
    run();
    go_on_for(120'000);
    world().faults.set(Fault::store_failure, 1'000);
    for (const char* key : {"b", "a", "c"}) say(0, key, 120'000);
    return host;
  }
};

TEST_F(Lag, IsNothingAtTheEnd) {
  say(0, "a", 0);
  Host& host = start();
  run();
  go_on_for(60'000);
  EXPECT_EQ(partition(host, 0).lag, 0);
  EXPECT_EQ(partition(host, 0).lag_ms, 0) << "however long ago the last message came";
  expect_kept();
}

TEST_F(Lag, GrowsWithTheTimeThatMessagesWaitAndNotWithTheTimeThatNoneCame) {
  Host& host = met_a_full_disk();
  for (const std::int64_t waited : {0, 30'000, 60'000}) {
    go_on_for(waited);
    const std::int64_t at_least = waited;
    run_until("the lag is told", [&] { return partition(host, 0).lag == 3 && partition(host, 0).lag_ms >= at_least; });
    EXPECT_LT(partition(host, 0).lag_ms, 120'000);
  }
  world().faults.end();
  run();
  run_until("the end is reached", [&] { return partition(host, 0).lag == 0 && partition(host, 0).lag_ms == 0; });
  expect_kept();
}

TEST_F(Lag, OfMarkersThatComeAfterALongSilenceIsNoneOfTheSilence) {
  say(0, "a", 0);
  Host& host = start();
  run();
  go_on_for(120'000);
  std::int32_t epoch = 0;
  TxnId txn = no_txn;
  ASSERT_EQ(cluster().init_producer("other", epoch), SimCluster::Answer::ok);
  ASSERT_EQ(cluster().open("other", epoch, "other", txn), SimCluster::Answer::ok);
  cluster().write(txn, in(0), Record{});
  ASSERT_EQ(cluster().end(txn, false), SimCluster::Answer::ok);
  const std::int64_t end = cluster().log(in(0))->end();
  run_until("the markers are passed", [&] {
    EXPECT_LT(partition(host, 0).lag_ms, 60'000);
    return committed(0) == end && partition(host, 0).next_offset == end;
  });
  EXPECT_EQ(partition(host, 0).lag, 0);
  expect_kept();
}

TEST_F(Lag, OfABacklogIsTheAgeOfWhatWasSettledLast) {
  options.slot.max_batch = 2;
  for (int message = 0; message < 120; ++message) say(0, "k" + std::to_string(message), std::int64_t{100} * message);
  cluster().pass_time(500'000);
  Host& host = start();
  run_until("it is within the backlog", [&] {
    if (!host.running() || host.status().counters.consumed < 5 || host.status().partitions.empty()) return false;
    return partition(host, 0).lag > 0 && partition(host, 0).lag_ms > 0;
  });
  EXPECT_GE(partition(host, 0).lag_ms, 480'000);
  EXPECT_LT(partition(host, 0).lag_ms, 520'000);
  run();
  run_until("the end is reached", [&] { return partition(host, 0).lag_ms == 0; });
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
