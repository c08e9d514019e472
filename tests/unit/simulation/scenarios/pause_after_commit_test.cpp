// The client lets some time pass between two transactions: what the slot makes of it.
#include <memory>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

constexpr Millis between_transactions{5'000};

class PausingPublisher : public PublisherDecorator {
 public:
  using PublisherDecorator::PublisherDecorator;
  [[nodiscard]] Millis pause_after_commit() const override { return between_transactions; }
};

class PauseAfterCommit : public Scenario {
 protected:
  PauseAfterCommit() {
    options.partitions = 1;
    options.slot.commit_interval = Millis{10};
    options.interposers.publisher = [](std::unique_ptr<kafka::Publisher> inner) {
      return std::make_unique<PausingPublisher>(std::move(inner));
    };
  }

  /// One message is settled, and the next has been taken: long after the commit interval, long before the next
  /// transaction.
  Host& with_a_batch_in_hand() {
    say(0, "a", 0);
    Host& host = start();
    run();
    say(0, "b", 1);
    go_on_for(500);
    EXPECT_EQ(committed(0), 1);
    return host;
  }
};

TEST_F(PauseAfterCommit, ABatchTakesInWhatArrivesUntilItsTransactionMayBegin) {
  Host& host = with_a_batch_in_hand();
  const std::uint64_t batches = host.status().counters.batches_committed;
  say(0, "c", 2);
  run();
  EXPECT_EQ(host.status().counters.batches_committed, batches + 1);
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

TEST_F(PauseAfterCommit, ItDoesNotHoldUpAFullBatch) {
  options.slot.max_batch = 2;
  with_a_batch_in_hand();
  const std::int64_t before_ms = world().clock.steady_ms();
  say(0, "c", 2);
  run();
  EXPECT_LT(world().clock.steady_ms() - before_ms, between_transactions.count() / 2);
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  expect_kept();
}

TEST_F(PauseAfterCommit, ItDoesNotHoldUpAStop) {
  Host& host = with_a_batch_in_hand();
  const std::int64_t before_ms = world().clock.steady_ms();
  host.stop();
  EXPECT_LT(world().clock.steady_ms() - before_ms, between_transactions.count() / 2);
  EXPECT_EQ(committed(0), 2) << "what was taken is published first";
  EXPECT_EQ(published(), (Ids{1, 2}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
