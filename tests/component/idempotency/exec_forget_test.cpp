// What 'firstseen store forget' does when others are at the same operation.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "exec/forget.h"
#include "idempotency/handler.h"
#include "unit/idempotency/decorator.h"

namespace firstseen::test {
namespace {

using idempotency::Handler;
using idempotency::HandlerOptions;
using idempotency::Key;
using idempotency::OnAbandoned;
using idempotency::Outcome;
using idempotency::Record;
using idempotency::ResultStore;
using idempotency::State;

/// After each time that the record is read something happens; `what` is told how often it was read.
class HappensAfterPeek final : public idempotency::test::Decorator {
 public:
  HappensAfterPeek(std::shared_ptr<ResultStore> inner, std::function<void(int)> what)
      : Decorator(std::move(inner)), what_(std::move(what)) {}
  Result<std::optional<Record>> peek(const Key& key) override {
    auto found = Decorator::peek(key);
    what_(++times_);
    return found;
  }

 private:
  const std::function<void(int)> what_;
  int times_ = 0;
};

class ExecForget : public testing::Test {
 protected:
  void abandon() {
    Handler dies(store_);
    ASSERT_TRUE(dies.start(key_)->claim);
  }
  [[nodiscard]] State state() { return Handler(store_).check(key_)->state; }
  [[nodiscard]] Result<Forgotten> forget() { return exec::forget(*store_, key_, SystemClock()); }

  const Key key_ = *Key::make("nightly");
  const std::shared_ptr<ResultStore> store_ = idempotency::make_memory_store();
};

TEST_F(ExecForget, ErasesWhatIsAbandonedOrHasEndedAndNothingElse) {
  EXPECT_FALSE(forget()->known);
  abandon();
  EXPECT_TRUE(forget()->known);
  EXPECT_EQ(state(), State::fresh);
  Handler handler(store_);
  const auto started = handler.start(key_);
  ASSERT_TRUE(started->claim);
  const auto running = forget();
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().exit, Exit::try_again);
  ASSERT_TRUE(handler.complete(*started->claim, Outcome::success("")));
  EXPECT_TRUE(forget()->known);
  EXPECT_FALSE(forget()->known);
}

TEST_F(ExecForget, LeavesAnAttemptAloneThatTookOverAfterItHadLooked) {
  for (const int look : {1, 2}) {  // before and after it found the old one's owner gone
    abandon();
    Handler cron(store_, HandlerOptions{.on_abandoned = OnAbandoned::retry});
    std::optional<idempotency::Claim> claim;
    HappensAfterPeek disturbed(store_, [&](int times) {
      if (times == look) claim = cron.start(key_)->claim;
    });
    const auto refused = exec::forget(disturbed, key_, SystemClock());
    ASSERT_TRUE(claim);
    ASSERT_FALSE(refused) << "look " << look;
    EXPECT_EQ(refused.error().exit, Exit::try_again);
    EXPECT_EQ(state(), State::in_flight);
    EXPECT_TRUE(cron.complete(*claim, Outcome::success("")));
    ASSERT_TRUE(forget()->known);
  }
}

}  // namespace
}  // namespace firstseen::test
