// delivery.guarantee at_least_once: what a crash may cost.
#include <map>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

class AtLeastOnce : public Scenario {
 protected:
  AtLeastOnce() {
    options.slot.guarantee = kafka::Guarantee::at_least_once;
    options.slot.max_batch = 4;
    options.partitions = 1;
  }
  /// Twelve keys in twelve messages, and a duplicate of each.
  void fill() {
    for (int round = 0; round < 2; ++round) {
      for (int key = 0; key < 12; ++key) say(0, "k" + std::to_string(key), round);
    }
  }
  /// How often each message is in the output.
  std::map<std::int64_t, int> times() {
    std::map<std::int64_t, int> times;
    for (const std::int64_t id : published()) ++times[id];
    return times;
  }
};

TEST_F(AtLeastOnce, ACrashDoublesOnlyMessagesOfTheBatchCutOffAndLosesNothing) {
  int doubled = 0;
  for (const Step step : {Step::begun, Step::published, Step::taken, Step::prepared, Step::offsets_sent,
                          Step::committed, Step::settled}) {
    for (const int count : {2, 3}) {
      SCOPED_TRACE(std::string(dedup::step_name(step)) + " " + std::to_string(count));
      again();
      fill();
      Host& host = start();
      host.crash_at_step(count, step);
      run_until("killed", [&] { return !host.running(); });
      const std::int64_t cut_off = committed(0);
      host.start();
      run();
      for (std::int64_t id = 1; id <= 12; ++id) {
        const int copies = times()[id];
        EXPECT_GE(copies, 1) << "message " << id << " is lost";
        EXPECT_LE(copies, id > cut_off && id <= cut_off + 4 ? 2 : 1) << "message " << id;  // its offset is id - 1
        doubled += copies > 1 ? 1 : 0;
      }
      EXPECT_LE(times().size(), 12U) << "a duplicate was published";
    }
  }
  EXPECT_GT(doubled, 0) << "no crash met messages that were out but not committed: this proves nothing";
}

TEST_F(AtLeastOnce, WithoutACrashIsExact) {
  fill();
  Host& host = start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  host.stop();
  host.start();
  say(0, "k3", 100);
  say(0, "n", 100);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 26}));
  expect_kept();
}

/// Once, an offset commit takes effect and is not answered; its repetition comes too late for the group.
class LostAnswer : public ConsumerDecorator {
 public:
  LostAnswer(std::unique_ptr<kafka::Consumer> inner, int& commits)
      : ConsumerDecorator(std::move(inner)), commits_(commits) {}
  Result<kafka::Progress> commit(std::span<const kafka::OffsetCommit> offsets,
                                 const kafka::GroupMembership& membership) override {
    constexpr int struck = 2;
    if (commits_ == struck + 1) {
      ++commits_;
      return fail(Action::abort, Exit::unavailable, "ILLEGAL_GENERATION: the group has moved on");
    }
    auto done = inner().commit(offsets, membership);
    if (!done || *done == kafka::Progress::again || ++commits_ != struck + 1) return done;
    return kafka::Progress::again;
  }

 private:
  int& commits_;
};

TEST_F(AtLeastOnce, ABatchWhoseCommitWasNotAnsweredIsDecidedByTheRuleAndNotByWhatItsRepetitionGot) {
  int commits = 0;
  options.interposers.consumer = [&](std::unique_ptr<kafka::Consumer> inner) {
    return std::make_unique<LostAnswer>(std::move(inner), commits);
  };
  fill();
  const Host& host = start();
  run();
  EXPECT_GT(commits, 3);
  EXPECT_EQ(host.status().counters.restarts, 1U);
  EXPECT_EQ(host.status().counters.rebuilt, 0U) << "a batch that stood was cut off, and read again as history";
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  expect_kept();
}

}  // namespace
}  // namespace firstseen::simulation
