// A rebalance at every named step: a slot loses its assignment there, and then it or another slot gets the partitions.
#include <set>
#include <string>
#include <tuple>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

/// Who goes on with the partitions.
enum class Next {
  same_slot,
  two_slots,   ///< one partition comes back, another slot gets the other while the first one is still at work
  other_slot,  ///< all of them at first: the slot is suspended at the step, and wakes when everything is done
};

class LostAssignment : public Scenario, public testing::WithParamInterface<std::tuple<Step, Next>> {
 protected:
  LostAssignment() { options.slot.max_batch = 4; }

  /// Of each of so many keys of each partition two messages; the first one of a new key is to be published.
  void say_keys(int keys, std::int64_t at_ms) {
    for (int key = 0; key < keys; ++key) {
      for (std::int32_t p = 0; p < options.partitions; ++p) {
        const std::string name = std::to_string(p) + "-" + std::to_string(key);
        const std::int64_t id = say(p, name, at_ms);
        if (said_.insert(name).second) first_.push_back(id);
        say(p, name, at_ms);
      }
    }
  }
  /// A host that has run before and has new messages to consume; its slot has just come to the step and lost its
  /// assignment there (before it has joined the group: as soon as it has).
  Host& lost_at(Step step, bool falls_asleep) {
    say_keys(2, 0);
    Host& host = start("A");
    run();
    host.stop();
    if (step == Step::rebuilding) host.lose_store();
    say_keys(8, 100);
    const bool of_an_abort = step == Step::aborting || step == Step::aborted || step == Step::rolled_back;
    if (of_an_abort) world().faults.once(Fault::abortable);
    host.start();
    host.when_at(step, [this, &host, falls_asleep] {
      world().faults.once(Fault::lost_assignment);
      cluster().pass_time(1);
      host.suspend(falls_asleep);
      lost_ = true;
    });
    if (step == Step::stopping) {
      run_until_step(host, Step::begun);
      host.slot().request_stop(Millis(10'000));
    }
    run_until("it comes to the step", [this] { return lost_; });
    return host;
  }
  void expect_all() {
    run();
    EXPECT_EQ(published(), first_);
  }

 private:
  Ids first_;
  std::set<std::string> said_;
  bool lost_ = false;
};

TEST_P(LostAssignment, LosesNothingAndDoublesNothing) {
  const auto [step, next] = GetParam();
  const bool falls_asleep = next == Next::other_slot;
  Host& host = lost_at(step, falls_asleep);
  const bool had_joined = step != Step::started;
  if (falls_asleep && !had_joined) world().faults.end();  // the other one keeps what it gets
  if (next != Next::same_slot) start("B");
  if (falls_asleep) expect_all();
  host.suspend(false);
  if (step == Step::stopping) {
    run_until("it has stopped", [&] { return !host.running(); });
    host.start();
  }
  expect_all();
  EXPECT_EQ(world().faults.struck(Fault::lost_assignment), falls_asleep && !had_joined ? 0 : 1);
  say_keys(10, 200);
  expect_all();
  for (auto& one : world().hosts()) EXPECT_TRUE(one->running()) << one->last_error();
  const bool moved = next != Next::same_slot;
  expect_kept({.history_read_again = moved || step == Step::rebuilding});
}

std::string name_of(const testing::TestParamInfo<std::tuple<Step, Next>>& one) {
  const auto [step, next] = one.param;
  const std::string name(dedup::step_name(step));
  if (next == Next::same_slot) return name + "_and_comes_back";
  return name + (next == Next::two_slots ? "_and_is_shared" : "_and_goes_to_another_slot");
}

INSTANTIATE_TEST_SUITE_P(At, LostAssignment,
                         testing::Combine(testing::Values(Step::started, Step::assigned, Step::overlapping, Step::begun,
                                                          Step::published, Step::taken, Step::prepared,
                                                          Step::offsets_sent, Step::committed, Step::settled,
                                                          Step::aborting, Step::aborted, Step::rolled_back,
                                                          Step::rebuilding, Step::stopping),
                                          testing::Values(Next::same_slot, Next::two_slots, Next::other_slot)),
                         name_of);
static_assert(dedup::step_names.size() == 15, "a new step belongs into the list above");

}  // namespace
}  // namespace firstseen::simulation
