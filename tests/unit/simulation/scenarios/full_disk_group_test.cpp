// One of several hosts has a full disk: nobody else waits for it.
#include <memory>
#include <span>
#include <utility>

#include "guarded_store.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

using dedup::Step;

constexpr Exemptions read_again{.history_read_again = true};
/// Far below what the group allows a member that does not answer.
constexpr std::int64_t soon_ms = 10'000;
static_assert(Group::rebalance_timeout_ms > 2 * soon_ms);

/// The disk is full for as long as somebody says so.
class OnAFullDisk final : public StoreDecorator {
 public:
  OnAFullDisk(std::unique_ptr<store::SeenStore> inner, const bool& full)
      : StoreDecorator(std::move(inner)), full_(full) {}
  Result<store::BatchId> prepare(std::span<const store::SourceRange> ranges, std::int64_t expire_before_ms,
                                 bool decided) override {
    if (full_) return fail(Action::pause, Exit::io, "no room (simulated)");
    return StoreDecorator::prepare(ranges, expire_before_ms, decided);
  }
  Result<void> roll_back() override {
    if (full_) return fail(Action::pause, Exit::io, "no room (simulated)");
    return StoreDecorator::roll_back();
  }

 private:
  const bool& full_;
};

class FullDiskInAGroup : public Scenario {
 protected:
  /// The disk of the host that is started as the `which`-th.
  void fills_up(int which) {
    options.interposers.store = [this, which](std::unique_ptr<store::SeenStore> inner) {
      if (++stores_ == which) inner = std::make_unique<OnAFullDisk>(std::move(inner), full_);
      return inner;
    };
  }
  void expect_answered(Host& host) {
    const auto forgotten = ask_to_forget(host, "a0");
    ASSERT_FALSE(forgotten);
    EXPECT_EQ(forgotten.error().exit, Exit::try_again) << forgotten.error().message;
  }
  void expect_soon(const Ids& ids) {
    const std::int64_t since = world().clock.steady_ms();
    run_until("the others publish", [&] { return published() == ids; });
    EXPECT_LE(world().clock.steady_ms() - since, soon_ms);
  }

  bool full_ = false;
  int stores_ = 0;
};

TEST_F(FullDiskInAGroup, WhileHistoryIsReadAgainHoldsUpNeitherTheOthersNorWhoAsks) {
  options.partitions = 3;
  fills_up(2);
  for (std::int32_t p = 0; p < 3; ++p) say(p, "a" + std::to_string(p), 0);
  start("A");
  run();
  full_ = true;
  Host& full = start("B");
  run_until("it cannot record", [&] { return full.has_warned("no room (simulated); trying again"); });
  go_on_for(10'000);  // its pauses have grown
  expect_answered(full);

  start("C");  // gets the last partition, and the full one the second
  say(0, "b0", 100);
  say(2, "b2", 100);
  expect_soon({1, 2, 3, 4, 5});

  full_ = false;
  say(1, "b1", 100);
  say(1, "a1", 100);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(full.status().counters.restarts, 0U);
  expect_kept(read_again);
}

TEST_F(FullDiskInAGroup, WhileABatchMustBeCutOffHoldsUpNeitherTheOthersNorWhoAsks) {
  fills_up(1);
  for (std::int32_t p = 0; p < 2; ++p) say(p, "a" + std::to_string(p), 0);
  Host& full = start("A");
  run();
  full.when_at(Step::prepared, [this] {
    full_ = true;
    world().faults.once(Fault::abortable);
  });
  for (std::int32_t p = 0; p < 2; ++p) say(p, "b" + std::to_string(p), 100);
  run_until("the batch cannot be cut off", [&] { return full.has_warned("no room (simulated); trying again"); });
  go_on_for(10'000);
  expect_answered(full);

  start("B");  // gets the last partition
  expect_soon({1, 2, 4});

  full_ = false;
  say(0, "a0", 200);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(full.status().counters.restarts, 0U);
  expect_kept(read_again);
}

}  // namespace
}  // namespace firstseen::simulation
