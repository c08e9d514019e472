// A back-off that comes to its end while something else is at work.
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

/// Leaders are silent, from the first question on, until it could not be told so many times which member of the group
/// the client is.
class Failing final : public ConsumerDecorator {
 public:
  Failing(std::unique_ptr<kafka::Consumer> inner, std::function<void()> at_first_question, int& failures)
      : ConsumerDecorator(std::move(inner)), at_first_question_(std::move(at_first_question)), failures_(failures) {}
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override {
    if (failures_ == 0) return ConsumerDecorator::watermarks(tp);
    if (at_first_question_) std::exchange(at_first_question_, nullptr)();
    asked_ = true;
    return std::optional<kafka::Watermarks>{};
  }
  Result<kafka::GroupMembership> membership() override {
    if (!asked_ || failures_ == 0) return ConsumerDecorator::membership();
    --failures_;
    return fail(Action::abort, Exit::unavailable, "the group's membership is not known");
  }

 private:
  std::function<void()> at_first_question_;
  int& failures_;
  bool asked_ = false;
};

class BackOff : public Scenario {
 protected:
  /// Gaps in two partitions and a message in the third; the pause after the third failure is longer than what follows.
  Host& with_two_gaps() {
    options.partitions = 3;
    options.slot.on_gap = dedup::OnGap::skip;
    options.slot.commit_interval = Millis(5);
    options.interposers.consumer = [this](auto inner) {
      return std::make_unique<Failing>(std::move(inner), [this] { say(2, "x", 200); }, failures_);
    };
    for (std::int32_t p = 0; p < 3; ++p) say(p, "a" + std::to_string(p), 100);
    Host& host = start();
    run();
    for (std::int32_t p = 0; p < 2; ++p) {
      say(p, "b" + std::to_string(p), 200);
      say(p, "c" + std::to_string(p), 200);
      cluster().log(in(p))->truncate_head(2);
    }
    failures_ = 3;
    run_until("it backs off", [&] { return failures_ == 0; });
    return host;
  }

  int failures_ = 0;
};

TEST_F(BackOff, InWhichAGapIsSkippedAndItsBatchFailsLeavesNoPartitionPaused) {
  Host& host = with_two_gaps();
  host.when_at(Step::settled, [this] { world().faults.once(Fault::abortable); });  // strikes the second gap's batch
  run();
  EXPECT_EQ(world().faults.struck(Fault::abortable), 1);
  EXPECT_EQ(published(), (Ids{1, 2, 3, 5, 7, 8}));
  EXPECT_EQ(host.status().state, "running");
  expect_kept({.gaps = true});
}

}  // namespace
}  // namespace firstseen::simulation
