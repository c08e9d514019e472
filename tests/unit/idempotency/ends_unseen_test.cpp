// An attempt that ends between a caller's look at its record and the one at its owner.
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "decorator.h"
#include "support.h"

namespace firstseen::idempotency::test {
namespace {

/// Once, before it tells whether an owner lives, something happens.
class HappensBeforeAlive final : public Decorator {
 public:
  HappensBeforeAlive(std::shared_ptr<ResultStore> inner, std::function<void()> what)
      : Decorator(std::move(inner)), what_(std::move(what)) {}
  bool alive(const std::string& owner_id) override {
    if (const auto what = std::exchange(what_, nullptr)) what();
    return Decorator::alive(owner_id);
  }

 private:
  std::function<void()> what_;
};

class AnAttemptThatEndsUnseen : public testing::TestWithParam<Bench::Kind> {
 protected:
  void SetUp() override {
    holder_.emplace(bench_.handler());
    const auto started = holder_->start(key("a"));
    ASSERT_TRUE(succeeded(started));
    claim_ = started->claim;
    ASSERT_TRUE(claim_);
  }

  /// A handler for whom the holder does this, and is gone, after the record was read.
  [[nodiscard]] Handler handler(const std::function<void(Handler& holder, const Claim& claim)>& last,
                                OnAbandoned policy = OnAbandoned::conflict) {
    const auto what = [this, last] {
      last(*holder_, *claim_);
      holder_.reset();
    };
    return Handler(std::make_shared<HappensBeforeAlive>(bench_.store, what),
                   {.on_abandoned = policy, .clock = &bench_.clock});
  }

  static void completes(Handler& holder, const Claim& claim) {
    EXPECT_TRUE(succeeded(holder.complete(claim, Outcome::success("paid"))));
  }
  static void fails(Handler& holder, const Claim& claim) {
    EXPECT_TRUE(succeeded(holder.fail(claim, Outcome::error("402", "no funds"))));
  }

  Bench bench_{GetParam()};
  std::optional<Handler> holder_;
  std::optional<Claim> claim_;
};

TEST_P(AnAttemptThatEndsUnseen, IsADuplicateToACheck) {
  const auto checked = handler(completes).check(key("a"));
  ASSERT_TRUE(succeeded(checked));
  EXPECT_EQ(checked->state, State::duplicate);
  EXPECT_EQ(checked->record->outcome, Outcome::success("paid"));
}

TEST_P(AnAttemptThatEndsUnseen, IsADuplicateToAStart) {
  const auto started = handler(completes).start(key("a"));
  ASSERT_TRUE(succeeded(started));
  EXPECT_EQ(started->state, State::duplicate);
  EXPECT_FALSE(started->claim);
  EXPECT_EQ(started->record->outcome, Outcome::success("paid"));
}

TEST_P(AnAttemptThatEndsUnseen, IsADuplicateToAStartThatMayRepeatWhatIsAbandoned) {
  const auto started = handler(completes, OnAbandoned::retry).start(key("a"));
  ASSERT_TRUE(succeeded(started));
  EXPECT_EQ(started->state, State::duplicate);
  EXPECT_FALSE(started->claim);
}

TEST_P(AnAttemptThatEndsUnseen, MayBeStartedAtOnceWhenItFailed) {
  const auto started = handler(fails).start(key("a"));
  ASSERT_TRUE(succeeded(started));
  EXPECT_TRUE(started->claim);
  EXPECT_EQ(started->record->attempts, 2U);
}

TEST_P(AnAttemptThatEndsUnseen, MayBeStartedAtOnceWhenItWasErased) {
  const auto erases = [this](Handler&, const Claim&) { EXPECT_TRUE(*bench_.store->erase(key("a"))); };
  const auto started = handler(erases).start(key("a"));
  ASSERT_TRUE(succeeded(started));
  EXPECT_TRUE(started->claim);
  EXPECT_EQ(started->record->attempts, 1U);
}

TEST_P(AnAttemptThatEndsUnseen, IsAbandonedWhenItsHolderOnlyDied) {
  const auto dies = [](Handler&, const Claim&) {};
  EXPECT_EQ(handler(dies).start(key("a"))->state, State::abandoned);
}

INSTANTIATE_TEST_SUITE_P(Each, AnAttemptThatEndsUnseen, testing::Values(Bench::Kind::memory, Bench::Kind::lmdb),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace firstseen::idempotency::test
