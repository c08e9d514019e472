#include "idempotency/handler.h"

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support.h"

namespace firstseen::idempotency::test {
namespace {

class Operations : public testing::TestWithParam<Bench::Kind> {
 protected:
  static Result<Outcome> succeed(const Claim& /*claim*/) { return Outcome::success("done"); }

  Bench bench_{GetParam()};
  ManualClock& clock_ = bench_.clock;
  Handler handler_ = bench_.handler({.ttl = Millis{60'000}, .lease = Millis{10'000}});
};

TEST_P(Operations, AreFreshThenInFlightThenDuplicates) {
  EXPECT_EQ(handler_.check(key("a"))->state, State::fresh);
  const auto started = handler_.start(key("a"));
  ASSERT_TRUE(succeeded(started));
  ASSERT_TRUE(started->claim);
  EXPECT_EQ(handler_.check(key("a"))->state, State::in_flight);
  const auto conflict = handler_.start(key("a"));
  EXPECT_EQ(conflict->state, State::in_flight);
  EXPECT_FALSE(conflict->claim);
  ASSERT_TRUE(succeeded(handler_.complete(*started->claim, Outcome::success("42"))));
  const auto checked = handler_.check(key("a"));
  EXPECT_EQ(checked->state, State::duplicate);
  EXPECT_EQ(checked->record->outcome, Outcome::success("42"));
  EXPECT_EQ(handler_.start(key("a"))->state, State::duplicate);
}

TEST_P(Operations, EveryKindOfOutcomeIsFinalWhenCompleted) {
  for (const Outcome& outcome :
       {Outcome::success(""), Outcome::error("E", "m", "v"), Outcome::timeout("part"), Outcome::killed("")}) {
    const Key one = key(name_of(outcome.kind));
    const auto run = handler_.execute(one, [&outcome](const Claim&) -> Result<Outcome> { return outcome; });
    EXPECT_EQ(run->outcome, outcome);
    const auto again = handler_.execute(one, succeed);
    EXPECT_EQ(again->state, State::duplicate);
    EXPECT_EQ(again->outcome, outcome);
  }
}

TEST_P(Operations, AnErrorOrAnExceptionFailsTheAttemptAndTheNextRuns) {
  const auto refused = handler_.execute(
      key("a"), [](const Claim&) -> Result<Outcome> { return firstseen::fail(Exit::unavailable, "bank is away"); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::unavailable);
  const auto thrown =
      handler_.execute(key("a"), [](const Claim&) -> Result<Outcome> { throw std::runtime_error("out of paper"); });
  ASSERT_FALSE(thrown);
  EXPECT_NE(thrown.error().message.find("out of paper"), std::string::npos);
  const auto odd = handler_.execute(key("a"), [](const Claim&) -> Result<Outcome> { throw 7; });
  ASSERT_FALSE(odd);
  const auto failed = handler_.check(key("a"));
  EXPECT_EQ(failed->state, State::fresh);
  EXPECT_EQ(failed->record->status, Status::failed);
  const auto run = handler_.execute(key("a"), succeed);
  ASSERT_TRUE(succeeded(run));
  EXPECT_EQ(run->state, State::fresh);
  EXPECT_EQ(handler_.check(key("a"))->record->attempts, 4U);
}

TEST_P(Operations, OneInFlightIsAConflictAndIsNotRunAgain) {
  const auto outer = handler_.execute(key("a"), [this](const Claim&) -> Result<Outcome> {
    const auto inner = handler_.execute(key("a"), [](const Claim&) -> Result<Outcome> {
      ADD_FAILURE() << "ran twice at once";
      return Outcome::success("");
    });
    EXPECT_EQ(inner->state, State::in_flight);
    EXPECT_FALSE(inner->outcome);
    return Outcome::success("outer");
  });
  EXPECT_EQ(outer->outcome, Outcome::success("outer"));
}

TEST_P(Operations, OneInFlightIsWaitedForWhenAsked) {
  const auto started = handler_.start(key("a"));
  std::thread other([this] {
    const auto waited = handler_.execute(key("a"), succeed, {.wait = Millis{60'000}});
    EXPECT_EQ(waited->state, State::duplicate);
    EXPECT_EQ(waited->outcome, Outcome::success("first"));
  });
  // The other's lookup is counted: then it waits.
  while ((*bench_.store->peek(key("a")))->access_count == 0 && bench_.store->stats()->hits == 0) {
    std::this_thread::yield();
  }
  ASSERT_TRUE(succeeded(handler_.complete(*started->claim, Outcome::success("first"))));
  other.join();
}

TEST_P(Operations, WhoWaitsForAnAttemptThatFailsMakesTheNext) {
  const auto started = handler_.start(key("a"));
  std::thread other([this] {
    const auto waited = handler_.execute(key("a"), succeed, {.wait = Millis{60'000}});
    EXPECT_EQ(waited->state, State::fresh);
    EXPECT_EQ(waited->outcome, Outcome::success("done"));
  });
  while (bench_.store->stats()->hits == 0) std::this_thread::yield();
  ASSERT_TRUE(succeeded(handler_.fail(*started->claim, Outcome::error("1", "no"))));
  other.join();
}

TEST_P(Operations, WaitingEnds) {
  ASSERT_TRUE(handler_.start(key("a"))->claim);
  EXPECT_EQ(handler_.start(key("a"), {.wait = Millis{20}})->state, State::in_flight);
}

TEST_P(Operations, WhoseHolderIsGoneAreAbandonedAndConflictByDefault) {
  {
    Handler gone = bench_.handler();
    ASSERT_TRUE(gone.start(key("a"))->claim);
  }
  EXPECT_EQ(handler_.check(key("a"))->state, State::abandoned);
  const auto started = handler_.start(key("a"), {.wait = Millis{60'000}});
  EXPECT_EQ(started->state, State::abandoned);
  EXPECT_FALSE(started->claim);
  ASSERT_TRUE(*bench_.store->erase(key("a")));  // a person has looked
  EXPECT_TRUE(handler_.start(key("a"))->claim);
}

TEST_P(Operations, WhoseHolderIsGoneAreStartedAgainWhenAsked) {
  Handler retrying = bench_.handler({.on_abandoned = OnAbandoned::retry});
  std::optional<Claim> lost;
  {
    Handler gone = bench_.handler();
    lost = gone.start(key("a"))->claim;
  }
  const auto started = retrying.start(key("a"));
  ASSERT_TRUE(started->claim);
  EXPECT_EQ(started->record->attempts, 2U);
  const auto late = handler_.complete(*lost, Outcome::success("late"));
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().fenced);
  EXPECT_EQ(handler_.check(key("a"))->state, State::in_flight);
}

TEST_P(Operations, WhoseLeaseRanOutAreAbandonedThoughTheHolderLives) {
  const auto started = handler_.start(key("a"));
  clock_.advance(Millis{9'999});
  EXPECT_EQ(handler_.check(key("a"))->state, State::in_flight);
  clock_.advance(Millis{1});
  EXPECT_EQ(handler_.check(key("a"))->state, State::abandoned);
  // Nobody has taken over, so nothing was done twice: the outcome is welcome.
  EXPECT_TRUE(succeeded(handler_.complete(*started->claim, Outcome::success("late"))));
  EXPECT_EQ(handler_.check(key("a"))->state, State::duplicate);
}

TEST_P(Operations, ALeaseIsRenewedByItsHolderOnly) {
  Handler other = bench_.handler({.lease = Millis{10'000}, .on_abandoned = OnAbandoned::retry});
  const auto started = handler_.start(key("a"));
  clock_.advance(Millis{9'999});
  ASSERT_TRUE(succeeded(handler_.renew(*started->claim)));
  clock_.advance(Millis{9'999});
  EXPECT_EQ(other.start(key("a"))->state, State::in_flight);
  clock_.advance(Millis{1});
  ASSERT_TRUE(other.start(key("a"))->claim);
  const auto late = handler_.renew(*started->claim);
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().fenced);
}

TEST_P(Operations, OfManyThatFindOneAbandonedExactlyOneTakesOver) {
  constexpr int threads = 8;
  for (int round = 0; round < 20; ++round) {
    const Key one = key("round " + std::to_string(round));
    {
      ASSERT_TRUE(bench_.handler().start(one)->claim);
    }
    std::atomic<int> claims = 0;
    std::vector<Handler> handlers;
    handlers.reserve(threads);
    for (int i = 0; i < threads; ++i) handlers.push_back(bench_.handler({.on_abandoned = OnAbandoned::retry}));
    std::vector<std::thread> racing;
    racing.reserve(handlers.size());
    for (Handler& handler : handlers) {
      racing.emplace_back([&] { claims += handler.start(one)->claim ? 1 : 0; });
    }
    for (std::thread& thread : racing) thread.join();
    EXPECT_EQ(claims, 1);
  }
}

TEST_P(Operations, EndOnce) {
  const auto started = handler_.start(key("a"));
  ASSERT_TRUE(succeeded(handler_.complete(*started->claim, Outcome::success("1"))));
  for (const auto& again : {handler_.complete(*started->claim, Outcome::success("2")),
                            handler_.fail(*started->claim, Outcome::error("", "")), handler_.renew(*started->claim)}) {
    ASSERT_FALSE(again);
    EXPECT_FALSE(again.error().fenced);
    EXPECT_NE(again.error().message.find("ended already"), std::string::npos);
  }
  EXPECT_EQ(handler_.check(key("a"))->record->outcome, Outcome::success("1"));
}

TEST_P(Operations, AreKnownForTheTimeToLiveFromTheirEnd) {
  const auto started = handler_.start(key("a"));
  clock_.advance(Millis{5'000});
  ASSERT_TRUE(succeeded(handler_.complete(*started->claim, Outcome::success("1"))));
  clock_.advance(Millis{59'999});
  EXPECT_EQ(handler_.check(key("a"))->state, State::duplicate);
  clock_.advance(Millis{1});
  EXPECT_EQ(handler_.check(key("a"))->state, State::fresh);
  EXPECT_EQ(*handler_.cleanup(), 1U);
}

TEST_P(Operations, ThatAreAbandonedAreNotMadeNewByTimeOrASweep) {
  const auto lost = handler_.start(key("a"));
  ASSERT_TRUE(succeeded(handler_.renew(*lost->claim)));
  clock_.advance(std::chrono::hours(24 * 365 * 200));
  EXPECT_EQ(*handler_.cleanup(), 0U);
  EXPECT_EQ(handler_.check(key("a"))->state, State::abandoned);
  EXPECT_FALSE(handler_.start(key("a"))->claim);
  const auto stats = bench_.store->stats();
  ASSERT_TRUE(succeeded(stats));
  EXPECT_EQ(stats->total, 1U);
  EXPECT_EQ(stats->in_progress, 1U);
  EXPECT_EQ(stats->abandoned, 1U);
  EXPECT_EQ(stats->mean_ttl, Millis{0}) << "of those that expire";
  ASSERT_TRUE(*bench_.store->erase(key("a")));  // a person has looked
  EXPECT_TRUE(handler_.start(key("a"))->claim);
  EXPECT_EQ(bench_.store->stats()->abandoned, 0U);
}

TEST_P(Operations, BegunByOneWhoMayRepeatThemStayUnknownToThoseWhoMayNot) {
  Handler retrying =
      bench_.handler({.ttl = Millis{60'000}, .lease = Millis{10'000}, .on_abandoned = OnAbandoned::retry});
  const auto lost = retrying.start(key("a"));
  ASSERT_TRUE(succeeded(retrying.renew(*lost->claim)));
  clock_.advance(Millis{70'000});  // lease and time to live
  EXPECT_EQ(*retrying.cleanup(), 0U);
  EXPECT_EQ(*handler_.cleanup(), 0U);
  EXPECT_EQ(handler_.check(key("a"))->state, State::abandoned);
  const auto conflict = handler_.start(key("a"));
  EXPECT_EQ(conflict->state, State::abandoned);
  EXPECT_FALSE(conflict->claim);
  const auto again = retrying.start(key("a"));  // late, and as it may
  ASSERT_TRUE(again->claim);
  EXPECT_EQ(again->record->attempts, 2U);
  ASSERT_TRUE(succeeded(retrying.complete(*again->claim, Outcome::success("1"))));
  EXPECT_EQ(handler_.check(key("a"))->state, State::duplicate);
  clock_.advance(Millis{60'000});
  EXPECT_EQ(handler_.check(key("a"))->state, State::fresh) << "what has ended expires";
}

TEST_P(Operations, AreKnownUntilTheyAreErasedWithATimeToLiveWithoutEnd) {
  for (const OnAbandoned policy : {OnAbandoned::conflict, OnAbandoned::retry}) {
    Handler lasting = bench_.handler({.ttl = Millis::max(), .lease = Millis::max(), .on_abandoned = policy});
    const Key one = key(policy == OnAbandoned::retry ? "retry" : "conflict");
    const auto started = lasting.start(one);
    ASSERT_TRUE(started->claim);
    EXPECT_EQ(lasting.check(one)->state, State::in_flight);
    ASSERT_TRUE(succeeded(lasting.renew(*started->claim)));
    ASSERT_TRUE(succeeded(lasting.complete(*started->claim, Outcome::success("1"))));
    clock_.advance(std::chrono::hours(24 * 365 * 100));
    EXPECT_EQ(*lasting.cleanup(), 0U);
    EXPECT_EQ(lasting.check(one)->state, State::duplicate);
    EXPECT_EQ(lasting.start(one, {.wait = Millis::max()})->state, State::duplicate);
  }
}

TEST_P(Operations, InFlightAreWaitedForWithoutEnd) {
  const auto started = handler_.start(key("a"));
  std::thread other([this] { EXPECT_EQ(handler_.start(key("a"), {.wait = Millis::max()})->state, State::duplicate); });
  while (bench_.store->stats()->hits == 0) std::this_thread::yield();
  ASSERT_TRUE(succeeded(handler_.complete(*started->claim, Outcome::success("1"))));
  other.join();
}

TEST_P(Operations, KeepWhatTheyWereAskedToDo) {
  ASSERT_TRUE(handler_.start(key("a"), {.payload = "{\"amount\": 7}"})->claim);
  EXPECT_EQ(*bench_.store->payload(key("a")), "{\"amount\": 7}");
}

INSTANTIATE_TEST_SUITE_P(Each, Operations, testing::Values(Bench::Kind::memory, Bench::Kind::lmdb),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace firstseen::idempotency::test
