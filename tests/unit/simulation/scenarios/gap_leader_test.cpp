// A position that lies outside the log of a partition whose leader is lost before it can be asked where to go on.
#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

/// A client that tells when a position is found outside the log, and counts the questions that only a leader answers.
class TellsOfGaps final : public ConsumerDecorator {
 public:
  TellsOfGaps(std::unique_ptr<kafka::Consumer> inner, std::function<void()> at_gap, int& questions)
      : ConsumerDecorator(std::move(inner)), at_gap_(std::move(at_gap)), questions_(questions) {}
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override {
    auto taken = ConsumerDecorator::take(max_messages, wait);
    if (taken && std::any_of(taken->events.begin(), taken->events.end(), [](const auto& event) {
          return event.kind == kafka::PartitionEvent::Kind::offset_out_of_range;
        })) {
      at_gap_();
    }
    return taken;
  }
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override {
    ++questions_;
    return ConsumerDecorator::watermarks(tp);
  }

 private:
  std::function<void()> at_gap_;
  int& questions_;
};

/// The leader of partition 0 is lost as soon as the gap is met: clients are told, or it only does not answer.
class GapWithoutLeader : public Scenario, public testing::WithParamInterface<bool> {
 protected:
  GapWithoutLeader() {
    options.slot.max_batch = 2;
    options.interposers.consumer = [this](auto inner) {
      return std::make_unique<TellsOfGaps>(
          std::move(inner), [this] { cluster().lose_leader(in(0), true, GetParam()); }, questions_);
    };
  }
  Host& waiting() {
    for (const char* key : {"a", "b", "c"}) say(0, key, 100);
    say(1, "x", 100);
    Host& host = start();
    run();
    for (const char* key : {"d", "e", "f"}) say(0, key, 200);
    cluster().log(in(0))->truncate_head(5);
    run_until("partition 0 waits for its leader", [&] { return is_stopped(host, 0); });
    const std::string reason = partition(host, 0).reason;
    EXPECT_NE(reason.find(GetParam() ? "in[0] has no leader" : "in[0]: the broker that leads it does not answer"),
              std::string::npos)
        << reason;
    EXPECT_TRUE(host.has_warned(reason));
    return host;
  }
  void give_back() { cluster().lose_leader(in(0), false); }

  int questions_ = 0;
};

TEST_P(GapWithoutLeader, IsAskedAboutWithGrowingPausesAndDecidedOnceTheLeaderIsBack) {
  Host& host = waiting();
  questions_ = 0;
  go_on_for(20'000);
  EXPECT_LE(questions_, GetParam() ? 0 : 12) << "each takes a second in which nothing else is done";
  EXPECT_FALSE(partition(host, 0).at_end) << "what it has still to read may need what the store knows";
  EXPECT_EQ(host.status().state, "running");

  give_back();
  run_until("the gap is told", [&] {
    return partition(host, 0).reason.find("in[0]: offset 3 is needed but the log begins at 5") != std::string::npos;
  });
  EXPECT_TRUE(is_stopped(host, 0));
  EXPECT_EQ(committed(0), 3) << "nothing was skipped";
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4}));
  expect_kept({.gaps = true});
}

TEST_P(GapWithoutLeader, LetsTheBatchesOfTheOtherPartitionsOverlap) {
  Host& host = waiting();
  for (int i = 0; i < 100; ++i) say(1, "k" + std::to_string(i), 300);
  run_until_step(host, Step::overlapping);
  run_until("partition 1 goes on", [&] { return committed(1) == 101; });
  EXPECT_TRUE(is_stopped(host, 0));
  expect_kept({.gaps = true});
}

TEST_P(GapWithoutLeader, IsJumpedOverWithSkipOnceTheLeaderIsBack) {
  options.slot.on_gap = dedup::OnGap::skip;
  Host& host = waiting();
  give_back();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 7}));
  EXPECT_FALSE(is_stopped(host, 0));
  expect_kept({.gaps = true});
}

INSTANTIATE_TEST_SUITE_P(ThatIs, GapWithoutLeader, testing::Bool(),
                         [](const auto& one) { return one.param ? "KnownToBeLost" : "Silent"; });

}  // namespace
}  // namespace firstseen::simulation
