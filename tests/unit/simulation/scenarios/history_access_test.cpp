// Missing history that cannot be read for a while, or not all of it.
#include <algorithm>
#include <memory>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

constexpr Exemptions read_again{.history_read_again = true};
constexpr Exemptions partly_lost{.history_read_again = true, .history_lost = true};

/// A client that hands out one message at a time.
class OneByOne final : public ConsumerDecorator {
 public:
  using ConsumerDecorator::ConsumerDecorator;
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override {
    return ConsumerDecorator::take(std::min<std::size_t>(max_messages, 1), wait);
  }
};

/// Messages 1 to 6, keys a to f, in partition 0 were consumed and published by a host that is gone with its store.
class HistoryAccess : public Scenario {
 protected:
  HistoryAccess() {
    options.slot.max_batch = 1;
    options.interposers.consumer = [](auto inner) { return std::make_unique<OneByOne>(std::move(inner)); };
  }
  void consume_and_lose_the_store() {
    std::int64_t at_ms = 0;
    for (const char* key : {"a", "b", "c", "d", "e", "f"}) say(0, key, at_ms += 100);
    Host& first = start("A");
    run();
    first.stop();
  }
  Host& on_an_empty_store() {
    consume_and_lose_the_store();
    return start("B", "A");
  }
  /// One message of the history is recorded, the next one is read, the rest is to come.
  Host& in_the_middle() {
    Host& host = on_an_empty_store();
    run_until_step(host, Step::rebuilding);
    return host;
  }
  void refuse_until_seen(Host& host) {
    cluster().refuse(in(0), true);
    run_until("the refusal is seen", [&] { return is_stopped(host, 0); });
  }
  /// 7 and 9 repeat keys of the history, one of them in the other partition.
  void say_more() {
    say(0, "b", 700);
    say(0, "g", 700);
    say(1, "e", 700);
    say(1, "h", 700);
  }
  static Ids history_and_what_is_new() { return {1, 2, 3, 4, 5, 6, 8, 10}; }

  void expect_waiting(Host& host) {
    EXPECT_TRUE(is_stopped(host, 0));
    EXPECT_EQ(host.status().state, "rebuilding");
    const std::string reason = partition(host, 0).reason;
    EXPECT_NE(reason.find("in[0] cannot be read: topic authorization failed; trying again"), std::string::npos)
        << reason;
    EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6})) << "a key of the history may come again in any partition";
    EXPECT_EQ(committed(0), 6);
  }
};

TEST_F(HistoryAccess, RefusedFromTheBeginningIsWaitedForAndNothingIsPublishedTwice) {
  consume_and_lose_the_store();
  cluster().refuse(in(0), true);
  Host& host = start("B", "A");
  run_until("the refusal is seen", [&] { return is_stopped(host, 0); });
  say_more();
  go_on_for(20'000);
  expect_waiting(host);

  cluster().refuse(in(0), false);
  run();
  EXPECT_EQ(published(), history_and_what_is_new());
  EXPECT_TRUE(host.has_logged("in[0] is read again, from offset 0"));
  EXPECT_EQ(host.status().counters.rebuilt, 6U);
  EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
  EXPECT_EQ(host.starts(), 1);
  EXPECT_EQ(host.status().counters.restarts, 0U);
  expect_kept(read_again);
}

TEST_F(HistoryAccess, RefusedInTheMiddleGoesOnThereAndNothingIsPublishedTwice) {
  Host& host = in_the_middle();
  refuse_until_seen(host);
  say_more();
  go_on_for(20'000);
  expect_waiting(host);
  EXPECT_EQ(host.status().counters.rebuilt, 2U);

  cluster().refuse(in(0), false);
  run();
  EXPECT_EQ(published(), history_and_what_is_new());
  EXPECT_TRUE(host.has_logged("in[0] is read again, from offset 2"));
  EXPECT_EQ(host.status().counters.rebuilt, 6U) << "the message that was compared counts once";
  EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
  expect_kept(read_again);
}

TEST_F(HistoryAccess, RefusedAndStoppedOrKilledIsReadOnAtTheNextStart) {
  for (const bool clean : {true, false}) {
    SCOPED_TRACE(clean ? "stopped" : "killed");
    again();
    Host& host = in_the_middle();
    refuse_until_seen(host);
    const std::int64_t since = world().clock.steady_ms();
    clean ? host.stop() : host.crash();
    EXPECT_FALSE(host.running());
    EXPECT_EQ(host.last_exit(), std::nullopt) << host.last_error();
    EXPECT_LE(world().clock.steady_ms() - since, 2'000);

    host.start();
    run_until("the refusal is seen", [&] { return is_stopped(host, 0); });
    say_more();
    go_on_for(1'000);
    expect_waiting(host);
    cluster().refuse(in(0), false);
    run();
    EXPECT_EQ(published(), history_and_what_is_new());
    EXPECT_EQ(host.status().counters.rebuilt, 4U) << "two were recorded by the process before";
    expect_kept(read_again);
  }
}

TEST_F(HistoryAccess, RefusedDoesNotKeepARebalanceFromMovingOtherPartitions) {
  say(1, "y", 0);
  consume_and_lose_the_store();
  Host& host = start("B", "A");
  refuse_until_seen(host);
  Host& other = start("C");
  run_until("both have one partition",
            [&] { return host.status().partitions.size() == 1 && other.status().partitions.size() == 1; });
  say(0, "a", 700);
  say(0, "g", 700);
  say(1, "y", 700);
  say(1, "z", 700);
  run_until("partition 1 goes on", [&] { return committed(1) == 3; });
  go_on_for(20'000);
  EXPECT_TRUE(is_stopped(host, 0)) << "also for the new assignment, of which the client has said nothing";
  EXPECT_EQ(committed(0), 6);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 7, 11}));

  cluster().refuse(in(0), false);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 7, 9, 11}));
  expect_kept(read_again);
}

TEST_F(HistoryAccess, ThatCannotBeRecordedForAFullDiskIsAPauseUntilThereIsRoom) {
  Host& host = in_the_middle();
  world().faults.set(Fault::store_failure, 1'000);
  run_until("it pauses", [&] { return host.status().state == "paused"; });
  go_on_for(60'000);
  EXPECT_EQ(host.status().state, "paused") << "nothing is read, so it is not said to be";
  EXPECT_NE(host.status().detail.find("disk full"), std::string::npos) << host.status().detail;
  cluster().refuse(in(0), true);
  world().faults.end();
  run_until("there is room", [&] { return is_stopped(host, 0); });
  go_on_for(1'000);
  expect_waiting(host);
  EXPECT_EQ(host.status().detail, "") << "of the disk there is nothing more to say";
  say_more();
  cluster().refuse(in(0), false);
  run();
  EXPECT_EQ(published(), history_and_what_is_new());
  expect_kept(read_again);
}

TEST_F(HistoryAccess, TakenByRetentionMeanwhileIsReadFromWhereTheLogBeginsAndTheShorterWindowIsTold) {
  for (const std::int64_t start : {4, 6}) {
    SCOPED_TRACE("the log begins at " + std::to_string(start));
    again();
    Host& host = in_the_middle();
    cluster().log(in(0))->truncate_head(start);
    run_until("the rebuild is over", [&] { return host.status().state == "running"; });
    EXPECT_TRUE(host.has_logged("in[0]: offsets 2 to " + std::to_string(start) + " of its history were removed"));
    EXPECT_FALSE(host.has_logged("could not be read back")) << "said once";
    EXPECT_EQ(host.status().counters.rebuilt, start == 4 ? 4U : 2U);
    for (const char* key : {"a", "b", "c", "d", "e", "f"}) say(0, key, 700);
    run();
    const Ids known_of_4{1, 2, 3, 4, 5, 6, 9, 10};
    EXPECT_EQ(published(), start == 4 ? known_of_4 : (Ids{1, 2, 3, 4, 5, 6, 9, 10, 11, 12}));
    EXPECT_EQ(host.status().effective_window_ms, start == 4 ? 200 : 0) << "from the first message that was there";
    expect_kept(partly_lost);
  }
}

TEST_F(HistoryAccess, ThatIsDamagedStopsThePartitionUntilARestartAfterItIsMendedAndTheOthersGoOn) {
  const Position damaged{in(0), 3};
  consume_and_lose_the_store();
  cluster().damage(damaged, true);
  Host& host = start("B", "A");
  run_until("stopped at the damage", [&] { return is_stopped(host, 0); });
  const std::string reason = partition(host, 0).reason;
  EXPECT_NE(reason.find("in[0] is damaged at offset 3, in the history"), std::string::npos) << reason;
  say(0, "d", 700);
  say(1, "h", 700);
  run_until("the other goes on", [&] { return committed(1) == 1; });
  cluster().damage(damaged, false);
  go_on_for(20'000);
  EXPECT_EQ(committed(0), 6) << "what was read there is not trusted without a restart";
  host.stop();
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 8}));
  EXPECT_EQ(host.status().counters.rebuilt, 3U);
  expect_kept(read_again);
}

class HistoryOfATopicMadeAnew : public HistoryAccess, public testing::WithParamInterface<int> {};

TEST_P(HistoryOfATopicMadeAnew, IsSeenThoughTheTopicWasUnknownForAWhileAndStopsThePartition) {
  Host& host = in_the_middle();
  cluster().delete_topic("in", true);
  run_until("the topic is missed", [&] { return is_stopped(host, 0); });
  EXPECT_NE(partition(host, 0).reason.find("cannot be read: unknown topic"), std::string::npos);
  cluster().create_topic("in", options.partitions);
  world().workload.forget();
  for (int i = 0; i < GetParam(); ++i) say(0, "n" + std::to_string(i), 700);
  run_until("the partition stops for good",
            [&] { return partition(host, 0).reason.find("the topic was made anew") != std::string::npos; });
  go_on_for(10'000);
  EXPECT_EQ(committed(0), 6) << "nothing was skipped";
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(host.has_logged("in[0]: its history cannot be read again"));
}

INSTANTIATE_TEST_SUITE_P(OfSoManyMessages, HistoryOfATopicMadeAnew, testing::Values(1, 8));

}  // namespace
}  // namespace firstseen::simulation
