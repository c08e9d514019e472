// Two processes where there should be one: a copied store, a suspended instance, fencing.
#include <memory>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

constexpr Exemptions read_again{.history_read_again = true};

/// A client that cannot tell which member of the group it is, for as long as `lost` says.
class LosesItsMembership final : public ConsumerDecorator {
 public:
  LosesItsMembership(std::unique_ptr<kafka::Consumer> inner, const bool& lost)
      : ConsumerDecorator(std::move(inner)), lost_(lost) {}
  Result<kafka::GroupMembership> membership() override {
    if (lost_) return fail(Action::abort, Exit::unavailable, "the group's membership is not known");
    return ConsumerDecorator::membership();
  }

 private:
  const bool& lost_;
};

class Instances : public Scenario {};

TEST_F(Instances, OneThatCannotBeginHasAnsweredTheGroupSoThatAnotherOneGetsPartitions) {
  bool lost = true;
  int clients = 0;
  options.interposers.consumer = [&](std::unique_ptr<kafka::Consumer> inner) -> std::unique_ptr<kafka::Consumer> {
    if (clients++ > 0) return inner;
    return std::make_unique<LosesItsMembership>(std::move(inner), lost);
  };
  say(0, "a", 0);
  say(1, "b", 0);
  Host& first = start("A");
  run_until("it cannot begin", [&] { return first.has_warned("the group's membership is not known; trying again"); });
  Host& second = start("B");
  run_until("the other one goes on", [&] { return published().size() == 1; });
  EXPECT_EQ(second.status().partitions.size(), 1U);
  EXPECT_TRUE(first.running());
  lost = false;
  run();
  EXPECT_EQ(published(), (Ids{1, 2}));
  EXPECT_EQ(first.status().counters.restarts, 0U);
  expect_kept();
}

class CopiedStore : public Scenario {
 protected:
  /// Host A has consumed a and b; its store is copied at a moment when A is down.
  Host& copied(const std::string& to) {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start("A");
    run();
    host.stop();
    world().copy_store(host, to);
    return host;
  }
};

TEST_F(CopiedStore, WithTheSameInstanceEndsOneOfTheTwoAsFencedAndTheOtherGoesOn) {
  Host& first = copied("B");
  first.start();
  Host& second = start("B", "A");
  int said = 0;
  run_until("one of them ends", [&] {
    if (++said % 20 == 0) say(said / 20 % 2, "key" + std::to_string(said / 60), said);
    return !first.running() || !second.running();
  });
  Host& ended = first.running() ? second : first;
  Host& other = first.running() ? first : second;
  EXPECT_EQ(ended.last_exit(), Exit::try_again) << ended.last_error();
  EXPECT_NE(ended.last_error().find("another instance with the same run.instance is at work"), std::string::npos)
      << ended.last_error();
  for (const char* key : {"a", "b", "c"}) say(0, key, 1'000);
  run();
  EXPECT_TRUE(other.running());
  expect_kept(read_again);
}

TEST_F(CopiedStore, NeverTakesABatchOfTheOriginalForItsOwn) {
  Host& first = copied("B");
  say(0, "c", 100);
  first.start();
  first.crash_at_step(1, Step::prepared);
  run_until("killed", [&] { return !first.running(); });
  // The copy prepares and commits a batch with the same store id and the same sequence, of the same messages.
  Host& second = start("B", "A");
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  second.stop();
  first.start();
  run_until_step(first, Step::assigned);
  EXPECT_TRUE(first.has_logged("not committed, it is cut off"));
  for (const char* key : {"c", "d"}) say(0, key, 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5})) << "what the copy has consumed is read again, not published";
  expect_kept(read_again);
}

TEST_F(CopiedStore, OfABatchThatWasCommittedStandsOnBothSides) {
  say(0, "a", 0);
  say(1, "b", 0);
  Host& first = start("A");
  run_until_step(first, Step::assigned);
  first.crash_at_step(1, Step::committed);
  run_until("killed", [&] { return !first.running(); });
  world().copy_store(first, "B");
  Host& second = start("B", "other instance");
  first.start();
  for (const char* key : {"a", "c", "c"}) say(0, key, 100);
  for (const char* key : {"b", "d", "d"}) say(1, key, 100);
  run();
  EXPECT_TRUE(first.running() && second.running());
  EXPECT_EQ(published(), (Ids{1, 2, 4, 7}));
  expect_kept(read_again);
}

class Suspended : public Scenario, public testing::WithParamInterface<Step> {};

TEST_P(Suspended, InstanceThatWakesAfterItsSuccessorStartedPublishesNothingOfItsOldBatchAndEnds) {
  say(0, "a", 0);
  Host& sleeper = start("A");
  run();
  say(0, "b", 100);
  say(1, "c", 100);
  run_until_step(sleeper, GetParam());
  sleeper.suspend(true);
  Host& successor = start("B", "A");
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  for (const char* key : {"b", "d"}) say(0, key, 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5}));

  sleeper.suspend(false);
  run_until("it ends", [&] { return !sleeper.running() || !successor.running(); });
  EXPECT_FALSE(sleeper.running()) << "the one that was fenced first is the one that ends";
  EXPECT_EQ(sleeper.last_exit(), Exit::try_again) << sleeper.last_error();
  for (const char* key : {"b", "d", "e"}) say(0, key, 300);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5, 8}));
  expect_kept(read_again);
}

INSTANTIATE_TEST_SUITE_P(At, Suspended,
                         testing::Values(Step::begun, Step::published, Step::taken, Step::prepared, Step::offsets_sent,
                                         Step::committed, Step::settled),
                         [](const auto& one) { return std::string(dedup::step_name(one.param)); });

class Fenced : public Scenario {
 protected:
  /// Another process begins to use the host's transactional.id, and is gone at once.
  void fence(const std::string& identity) {
    std::int32_t epoch = 0;
    static_cast<void>(cluster().init_producer(identity, epoch));
  }
};

TEST_F(Fenced, OnceRestartsAndGoesOn) {
  for (const Step step : {Step::begun, Step::published, Step::taken, Step::prepared, Step::offsets_sent}) {
    SCOPED_TRACE(std::string(dedup::step_name(step)));
    again();
    say(0, "a", 0);
    Host& host = start();
    run();
    for (const char* key : {"b", "a"}) say(0, key, 100);
    run_until_step(host, step);
    fence("A");
    run();
    ASSERT_TRUE(host.running()) << host.last_error();
    EXPECT_LE(host.status().counters.restarts, 1U);
    EXPECT_EQ(published(), (Ids{1, 2}));
    expect_kept();
  }
}

TEST_F(Fenced, AgainAndAgainEndsWithTryAgain) {
  say(0, "a", 0);
  Host& host = start();
  run();
  const std::int64_t since = world().clock.steady_ms();
  int said = 0;
  run_until("it ends", [&] {
    if (++said % 10 == 0) say(0, "k" + std::to_string(said), 100);
    fence("A");
    return !host.running();
  });
  EXPECT_EQ(host.last_exit(), Exit::try_again) << host.last_error();
  EXPECT_LE(world().clock.steady_ms() - since, 5'000);
  host.start();
  run();
  expect_kept();
}

TEST_F(Fenced, AgainLaterThanATransactionMayStayOpenGoesOn) {
  options.slot.transaction_timeout = Millis{10'000};
  say(0, "a", 0);
  Host& host = start();
  run();
  for (const char* key : {"b", "c"}) {
    fence("A");
    say(0, key, 100);
    run();
    ASSERT_TRUE(host.running()) << host.last_error();
    go_on_for(11'000);
    say(0, std::string(key) + " later", 200);
    run();
  }
  EXPECT_EQ(host.status().counters.restarts, 2U);
  expect_kept();
}

TEST_F(Fenced, ByTransactionsThatTimedOutInLongOutagesGoesOnEachTime) {
  Host& host = start();
  for (int outage = 1; outage <= 3; ++outage) {
    say(0, "k" + std::to_string(outage), 0);
    run_until_step(host, Step::offsets_sent);
    cluster().outage(SimCluster::transaction_timeout_ms + 10'000);
    run();
    ASSERT_TRUE(host.running()) << host.last_error();
  }
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  EXPECT_EQ(host.status().counters.restarts, 3U);
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
