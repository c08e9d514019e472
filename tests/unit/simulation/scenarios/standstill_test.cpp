// Nothing is committed for long: what a slot tells of itself meanwhile.
#include "dedup/standstill.h"

#include <memory>
#include <string>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Standstill;
using dedup::Step;
using kafka::Progress;

/// What the brokers do with a batch, until a test lets them work again.
enum class Trouble { none, no_coordinator, no_abort, too_few_replicas };

constexpr std::int64_t message_timeout_ms = 12'000;

class TroubledPublisher : public PublisherDecorator {
 public:
  TroubledPublisher(std::unique_ptr<kafka::Publisher> inner, const Trouble& trouble, const Clock& clock)
      : PublisherDecorator(std::move(inner)), trouble_(trouble), clock_(clock) {}

  Result<void> begin() override {
    begun_at_ms_ = clock_.steady_ms();
    return inner().begin();
  }
  Result<Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                const kafka::GroupMembership& membership) override {
    if (trouble_ == Trouble::no_coordinator) return again("Coordinator not available");
    if (trouble_ != Trouble::too_few_replicas) return inner().send_offsets(offsets, membership);
    if (clock_.steady_ms() - begun_at_ms_ < message_timeout_ms) return again("1 message is not acknowledged");
    return fail(Action::abort, Exit::unavailable, "a delivery failed: NOT_ENOUGH_REPLICAS");
  }
  Result<Progress> abort() override {
    if (trouble_ == Trouble::no_abort) return again("");
    return inner().abort();
  }
  std::string why_again() override { return std::exchange(why_, ""); }

 private:
  Progress again(std::string why) {
    why_ = std::move(why);
    return Progress::again;
  }

  const Trouble& trouble_;
  const Clock& clock_;
  std::int64_t begun_at_ms_ = 0;
  std::string why_;
};

class Standstills : public Scenario {
 protected:
  Standstills() {
    options.interposers.publisher = [this](std::unique_ptr<kafka::Publisher> inner) {
      return std::make_unique<TroubledPublisher>(std::move(inner), trouble_, world().clock);
    };
  }

  /// One message is settled; the batch of a second one has just been prepared.
  Host& with_a_batch_in(Trouble trouble) {
    trouble_ = Trouble::none;
    say(0, "a", 0);
    Host& host = start();
    run();
    trouble_ = trouble;
    say(0, "b", 100);
    run_until_step(host, Step::prepared);
    return host;
  }
  static bool tells(Host& host, const std::string& text) {
    return host.status().detail.find(text) != std::string::npos;
  }
  void expect_paused_for(Host& host, std::int64_t ms) {
    const std::int64_t until = world().clock.steady_ms() + ms;
    while (world().clock.steady_ms() < until) {
      world().step_all();
      ASSERT_EQ(host.status().state, "paused") << host.status().detail;
    }
  }
  void expect_end_of(Host& host) {
    trouble_ = Trouble::none;
    run();
    run_until("the end is settled", [&] { return partition(host, 0).lag == 0; });
    EXPECT_EQ(host.status().state, "running");
    EXPECT_EQ(host.status().detail, "");
    EXPECT_EQ(partition(host, 0).next_offset, 2);
    EXPECT_EQ(partition(host, 0).lag_ms, 0);
    EXPECT_EQ(published(), (Ids{1, 2}));
    expect_kept();
  }

  Trouble trouble_ = Trouble::none;
};

TEST_F(Standstills, ABatchThatTheBrokersDoNotDecideIsToldWithItsNumberAndTheReason) {
  for (const auto guarantee : {kafka::Guarantee::exactly_once, kafka::Guarantee::at_least_once}) {
    again();
    options.slot.guarantee = guarantee;
    Host& host = with_a_batch_in(Trouble::no_coordinator);
    go_on_for(Standstill::patience_ms / 2);
    EXPECT_EQ(host.status().state, "running") << "a broker may take its time";
    go_on_for(Standstill::patience_ms / 2 + 1'000);
    EXPECT_EQ(host.status().state, "paused");
    EXPECT_EQ(host.status().detail.rfind("batch ", 0), 0U) << host.status().detail;
    EXPECT_TRUE(tells(host, " waits for the brokers since ")) << host.status().detail;
    EXPECT_TRUE(tells(host, "Coordinator not available")) << host.status().detail;
    const std::string told = host.status().detail;
    expect_paused_for(host, 20'000);
    EXPECT_EQ(host.status().detail, told) << "a line of the log each";
    expect_end_of(host);
  }
}

TEST_F(Standstills, WhatIsTakenAndNotSettledIsLagInMessagesAndTime) {
  Host& host = with_a_batch_in(Trouble::no_coordinator);
  go_on_for(20'000);
  EXPECT_EQ(partition(host, 0).lag, 1);
  EXPECT_EQ(partition(host, 0).next_offset, 1);
  EXPECT_FALSE(partition(host, 0).at_end);
  EXPECT_GE(partition(host, 0).lag_ms, 19'000);
  EXPECT_LT(partition(host, 0).lag_ms, 60'000);
  expect_end_of(host);
}

TEST_F(Standstills, AnAbortThatLastsIsToldWithWhatItIsFor) {
  Host& host = with_a_batch_in(Trouble::no_abort);
  world().faults.once(Fault::abortable);
  run_until_step(host, Step::aborting);
  go_on_for(Standstill::patience_ms + 1'000);
  EXPECT_EQ(host.status().state, "paused");
  EXPECT_TRUE(tells(host, " waits for the brokers since ")) << host.status().detail;
  EXPECT_TRUE(tells(host, "_TIMED_OUT: simulated, must abort")) << host.status().detail;
  expect_end_of(host);
}

TEST_F(Standstills, TooFewReplicasAreOneStandstillThroughEveryTryHoweverLong) {
  Host& host = with_a_batch_in(Trouble::too_few_replicas);
  go_on_for(Standstill::patience_ms + 1'000);
  EXPECT_EQ(host.status().state, "paused");
  expect_paused_for(host, 4 * message_timeout_ms);
  EXPECT_GE(host.status().counters.batches_aborted, 3U);
  EXPECT_TRUE(tells(host, "NOT_ENOUGH_REPLICAS")) << host.status().detail;
  EXPECT_EQ(partition(host, 0).lag, 1);
  expect_end_of(host);
}

TEST_F(Standstills, ABatchThatFailsOnceAndSettlesIsNone) {
  Host& host = with_a_batch_in(Trouble::none);
  world().faults.once(Fault::abortable);
  const std::int64_t until = world().clock.steady_ms() + 5'000;
  while (world().clock.steady_ms() < until) {
    world().step_all();
    ASSERT_EQ(host.status().state, "running") << host.status().detail;
  }
  EXPECT_EQ(host.status().counters.batches_aborted, 1U);
  expect_end_of(host);
}

}  // namespace
}  // namespace firstseen::simulation
