#include <map>
#include <random>

#include "ingest/memory_window.h"
#include "store/inspect.h"
#include "unit/ingest/window_fixture.h"

namespace firstseen::ingest::test {
namespace {

/// The rule itself: a key is new unless it was added at most `ttl` ago.
class Oracle {
 public:
  explicit Oracle(std::int64_t ttl_ms) : ttl_ms_(ttl_ms) {}
  bool add_if_new(std::uint64_t key, std::int64_t now_ms) {
    const auto found = added_.find(key);
    if (found != added_.end() && now_ms - found->second <= ttl_ms_) return false;
    added_[key] = now_ms;
    return true;
  }

 private:
  std::int64_t ttl_ms_;
  std::map<std::uint64_t, std::int64_t> added_;
};

TEST(MemoryWindow, DecidesAsTheRuleSaysThroughGrowthAndExpiry) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    std::mt19937 random(seed);
    MemoryWindow window(Millis{500});
    Oracle oracle(500);
    std::int64_t now = 1000;
    for (int i = 0; i < 100'000; ++i) {
      // Idle spells empty the window, busy ones fill it beyond its first size.
      now += random() % 20'000 == 0 ? 2000 : random() % 10 == 0 ? 1 : 0;
      const std::uint64_t key = random() % 20'000;
      ASSERT_EQ(window.add_if_new(digest_of(key), now), oracle.add_if_new(key, now)) << i << " seed " << seed;
    }
  }
}

TEST(MemoryWindow, MemoryIsBoundedByTheWindowAndNotByTheInput) {
  MemoryWindow window(Millis{100});
  for (std::uint64_t i = 0; i < 500'000; ++i)
    ASSERT_TRUE(window.add_if_new(digest_of(i), static_cast<std::int64_t>(i / 10)));
  EXPECT_LE(window.size(), 1010U);
  EXPECT_LE(window.memory_bytes(), 2048U * (24 + 8));
}

TEST(MemoryWindow, AClockThatGoesBackMakesNothingNewAgain) {
  MemoryWindow window(Millis{100});
  EXPECT_TRUE(window.add_if_new(digest_of(1), 1000));
  EXPECT_FALSE(window.add_if_new(digest_of(1), 5));
  EXPECT_FALSE(window.add_if_new(digest_of(1), 1100));
  EXPECT_TRUE(window.add_if_new(digest_of(1), 1101));
}

class Durable : public WindowFixture {};

TEST_F(Durable, WhatWasCommittedIsKnownToTheNextProcessAndNothingElse) {
  auto window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000));
  ASSERT_TRUE(window->commit());
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000));
  EXPECT_FALSE(window->add_if_new(digest_of(2), 1000));
  window = nullptr;  // as a crash would
  window = open();
  EXPECT_FALSE(window->add_if_new(digest_of(1), 2000));
  EXPECT_TRUE(window->add_if_new(digest_of(2), 2000));
  EXPECT_TRUE(window->add_if_new(digest_of(1), 2001));
}

TEST_F(Durable, AnUndecidedBatchStandsExactlyIfItIsTheOneThatIsSaidToStand) {
  auto window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000));
  const auto first = window->prepare();
  ASSERT_TRUE(first && *first);
  window = nullptr;
  window = open();
  ASSERT_TRUE(window->decide(*first));
  EXPECT_FALSE(window->add_if_new(digest_of(1), 1000));
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000));
  ASSERT_TRUE(window->prepare());
  window = nullptr;
  window = open();
  ASSERT_TRUE(window->decide(*first));  // another one
  EXPECT_FALSE(window->add_if_new(digest_of(1), 1000));
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000));
}

TEST_F(Durable, ADroppedBatchLeavesNoTraceAndTheNextOneIsSound) {
  auto window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000));
  ASSERT_TRUE(window->prepare());
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000));
  window->forget_uncommitted();
  ASSERT_TRUE(window->decide(std::nullopt));
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000));
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000));
  const auto standing = window->prepare();
  ASSERT_TRUE(standing && *standing);
  ASSERT_TRUE(window->decide(*standing));
  ASSERT_TRUE(window->close());
  window = nullptr;
  EXPECT_FALSE(open()->add_if_new(digest_of(1), 1000));
}

TEST_F(Durable, AStoreOfAnotherPurposeKeyOrProgramIsRefusedUnchanged) {
  {
    const auto window = open();
    window->add_if_new(digest_of(1), 1000);
    ASSERT_TRUE(window->commit());
  }
  auto other = options_;
  other.ttl = Millis{5000};
  other.purpose = "ingest";
  auto refused = DurableWindow::open(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_TRUE(contains(refused.error().message, "belongs to 'firstseen filter'"));
  other = options_;
  other.ttl = Millis{5000};
  other.fingerprint = "another";
  refused = DurableWindow::open(other);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().message, "another"));
  EXPECT_EQ(store::inspect(options_.directory / "slot-0")->ttl, options_.ttl) << "nothing was written";
  other = options_;
  other.directory = directory_.path();
  directory_.write("slot-0/letters.txt", "hello");
  refused = DurableWindow::open(other);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().message, "is not a store"));
}

TEST_F(Durable, AStoreOfADaemonIsRefused) {
  {
    store::OpenOptions daemon;
    daemon.directory = options_.directory / "slot-0";
    daemon.max_size_bytes = options_.max_size_bytes;
    auto store = store::SeenStore::open(daemon);
    ASSERT_TRUE(store);
    const store::Pin pin{"key", options_.fingerprint};
    ASSERT_TRUE((*store)->pin({&pin, 1}));
  }
  const auto refused = DurableWindow::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().message, "a daemon ('firstseen run')"));
}

}  // namespace
}  // namespace firstseen::ingest::test
