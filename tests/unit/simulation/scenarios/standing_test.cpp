// The lag of partitions that are assigned and bring nothing.
#include <memory>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

/// A client that counts the questions that only a leader can answer, and may have no right to ask them.
class AsksLeaders final : public ConsumerDecorator {
 public:
  AsksLeaders(std::unique_ptr<kafka::Consumer> inner, int& count, const bool& may_ask)
      : ConsumerDecorator(std::move(inner)), count_(count), may_ask_(may_ask) {}
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override {
    ++count_;
    if (!may_ask_) return fail(Action::stop, Exit::config, "Topic authorization failed");
    return ConsumerDecorator::watermarks(tp);
  }

 private:
  int& count_;
  const bool& may_ask_;
};

class LagOfAStandingPartition : public Scenario {
 protected:
  LagOfAStandingPartition() {
    options.interposers.consumer = [this](auto inner) {
      return std::make_unique<AsksLeaders>(std::move(inner), questions_, may_ask_);
    };
  }
  void say_many(std::int32_t partition, int count) {
    for (int i = 0; i < count; ++i) say(partition, "k", 100);
  }
  void run_until_lag(Host& host, std::int32_t number, std::int64_t lag) {
    run_until("the lag is " + std::to_string(lag), [&] { return partition(host, number).lag == lag; });
  }

  int questions_ = 0;
  bool may_ask_ = true;
};

TEST_F(LagOfAStandingPartition, GrowsBehindTheRejectedMessageAtWhichItHasStopped) {
  Host& host = stopped_at_poison();
  run_until_lag(host, 0, 2);
  say_many(0, 30);
  run_until_lag(host, 0, 32);
  say_many(0, 10);
  run_until_lag(host, 0, 42);
  EXPECT_FALSE(partition(host, 0).waits) << "it needs a person";
  EXPECT_GE(partition(host, 0).lag_ms, 0);
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  run_until_lag(host, 0, 0);
  expect_kept();
}

TEST_F(LagOfAStandingPartition, GrowsWhileItsOutputIsWaitedFor) {
  say(0, "a", 0);
  Host& host = start();
  run();
  cluster().add_partitions("in", 1);
  say_many(2, 5);
  run_until("it waits", [&] { return is_stopped(host, 2); });
  EXPECT_TRUE(partition(host, 2).waits);
  run_until_lag(host, 2, 5);
  say_many(2, 3);
  run_until_lag(host, 2, 8);
  cluster().add_partitions("out", 1);
  run();
  run_until_lag(host, 2, 0);
  EXPECT_FALSE(partition(host, 2).waits);
  expect_kept();
}

TEST_F(LagOfAStandingPartition, GrowsWhileTheBrokerLetsNobodyReadIt) {
  say(0, "a", 0);
  Host& host = start();
  run();
  cluster().refuse(in(0), true);
  say_many(0, 4);
  run_until("it is refused", [&] { return is_stopped(host, 0); });
  EXPECT_TRUE(partition(host, 0).waits);
  run_until_lag(host, 0, 4);
  cluster().refuse(in(0), false);
  run();
  run_until_lag(host, 0, 0);
  expect_kept();
}

TEST_F(LagOfAStandingPartition, IsAskedForOnceASecondAtMostAndOfAFetchedOneNever) {
  Host& host = stopped_at_poison();
  run_until_lag(host, 0, 2);
  questions_ = 0;
  go_on_for(60'000);
  EXPECT_LE(questions_, 61);
  EXPECT_GE(questions_, 20);
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  questions_ = 0;
  go_on_for(60'000);
  EXPECT_EQ(questions_, 0);
  expect_kept();
}

TEST_F(LagOfAStandingPartition, IsUnknownAndSeldomAskedForWhileItsLeaderDoesNotAnswer) {
  for (const bool told : {true, false}) {
    SCOPED_TRACE(told ? "no leader" : "a leader that does not answer");
    again();
    Host& host = stopped_at_poison();
    run_until_lag(host, 0, 2);
    cluster().lose_leader(in(0), true, told);
    say_many(0, 5);
    run_until_lag(host, 0, -1);
    questions_ = 0;
    say(1, "c", 100);
    go_on_for(60'000);
    EXPECT_LE(questions_, told ? 0 : 6) << "each takes a second in which nothing else is done";
    EXPECT_EQ(committed(1), 1) << "the other partition goes on";
    EXPECT_EQ(partition(host, 0).lag, -1);
    cluster().lose_leader(in(0), false);
    run_until_lag(host, 0, 7);
    EXPECT_TRUE(skip(host, in(0), 1));
    run();
    expect_kept();
  }
}

TEST_F(LagOfAStandingPartition, IsUnknownWithoutTheRightToAskForItAndNothingElseStops) {
  Host& host = stopped_at_poison();
  run_until_lag(host, 0, 2);
  may_ask_ = false;
  run_until_lag(host, 0, -1);
  say(1, "c", 100);
  go_on_for(10'000);
  EXPECT_EQ(committed(1), 1);
  EXPECT_EQ(host.status().state, "running");
  EXPECT_EQ(host.status().counters.restarts, 0U);
  may_ask_ = true;
  EXPECT_TRUE(skip(host, in(0), 1));
  run();
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
