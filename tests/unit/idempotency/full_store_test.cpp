// A durable store whose file has reached its size: what is in it can be looked up and brought to an end.
#include <string>
#include <vector>

#include "support.h"

namespace firstseen::idempotency::test {
namespace {

constexpr int running = 10;

class FullStore : public testing::Test {
 protected:
  /// Some operations that run, and then as many others as there is room for.
  void SetUp() override {
    auto opened = open_lmdb_store({.directory = directory_.path(), .max_size_bytes = 1ULL << 20U, .clock = &clock_});
    ASSERT_TRUE(succeeded(opened));
    store_ = std::move(*opened);
    handler_.emplace(store_, HandlerOptions{.clock = &clock_});
    for (int i = 0; i < running; ++i) {
      const auto started = handler_->start(key("running " + std::to_string(i)));
      ASSERT_TRUE(succeeded(started));
      claims_.push_back(*started->claim);
    }
    for (bool room = true; room; others_ += room ? 1 : 0) {
      const auto put = store_->put_if_new(ended(other(others_), clock_), {});
      room = put.has_value();
      if (!room) refused_ = put.error();
    }
    ASSERT_GT(others_, 1000);
  }

  static std::string other(int number) { return "operation " + std::to_string(number); }

  ManualClock clock_;
  const firstseen::test::TemporaryDirectory directory_{firstseen::test::memory_directory()};
  std::shared_ptr<ResultStore> store_;
  std::optional<Handler> handler_;
  std::vector<Claim> claims_;
  Error refused_;
  int others_ = 0;
};

TEST_F(FullStore, RefusesNewOperationsAndSaysSo) {
  EXPECT_EQ(refused_.action, Action::pause);
  EXPECT_NE(refused_.message.find("is full"), std::string::npos) << refused_.message;
  EXPECT_FALSE(handler_->start(key(other(others_))));
  EXPECT_FALSE(*store_->peek(key(other(others_))));
}

TEST_F(FullStore, HasRoomForTheEndsOfTheOperationsThatRun) {
  for (const Claim& claim : claims_) {
    const Outcome outcome = Outcome::success(std::string(1000, 'x') + claim.key.text());
    ASSERT_TRUE(succeeded(handler_->complete(claim, outcome)));
    EXPECT_EQ(handler_->check(claim.key)->record->outcome, outcome);
  }
}

TEST_F(FullStore, CountsOfLookupsDoNotKeepAnOperationFromEnding) {
  constexpr int lookups = 200;  // counted in memory, on as many pages
  for (int i = 0; i < lookups; ++i) ASSERT_TRUE(*store_->get(key(other(i * (others_ / lookups)))));
  EXPECT_TRUE(succeeded(handler_->complete(claims_[0], Outcome::success("done"))));
  for (int i = 0; i < lookups; ++i) ASSERT_TRUE(*store_->get(key(other(i * (others_ / lookups)))));
  EXPECT_TRUE(succeeded(handler_->fail(claims_[1], Outcome::error("1", "declined"))));
}

TEST_F(FullStore, LookupsAndStatisticsDoNotFail) {
  for (int i = 0; i < others_; ++i) ASSERT_TRUE(succeeded(store_->get(key(other(i)))));
  const auto stats = store_->stats();
  ASSERT_TRUE(succeeded(stats));
  EXPECT_EQ(stats->total, static_cast<std::uint64_t>(others_ + running));
}

TEST_F(FullStore, TakesNewOperationsAgainWhenWhatIsInItHasExpired) {
  clock_.advance(Millis{24LL * 3600 * 1000});
  EXPECT_TRUE(succeeded(handler_->start(key(other(others_))))) << "nobody else sweeps a store that refuses to start";
}

TEST_F(FullStore, TakesNewOperationsAgainWhenSomeWereErased) {
  for (int i = 0; i < others_ / 2; ++i) ASSERT_TRUE(succeeded(store_->erase(key(other(i)))));
  EXPECT_TRUE(succeeded(handler_->start(key("another"))));
}

}  // namespace
}  // namespace firstseen::idempotency::test
