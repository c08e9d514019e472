#include <utility>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

/// A batch of its own.
testing::AssertionResult add(SeenStore& store, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t key = first; key < first + count; ++key) store.stage(seen(key, 5000));
  const SourceRange range =
      range_of("t", 0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + count));
  const auto prepared = store.prepare({&range, 1}, never, false);
  if (prepared) store.settle();
  return succeeded(prepared);
}

TEST(Figures, EveryCommitThatWaitsForTheDiskIsAFlush) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  const std::uint64_t before = store->stats().flushes.count();
  for (std::uint64_t batch = 0; batch < 3; ++batch) ASSERT_TRUE(add(*store, batch * 10, 10));
  EXPECT_EQ(store->stats().flushes.count() - before, 3U);
  EXPECT_GE(store->stats().flushes.sum(), 0);
  const SourceRange range = range_of("t", 0, 30, 31);
  store->stage(seen(30, 5000));
  ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
  ASSERT_TRUE(succeeded(store->roll_back()));
  EXPECT_EQ(store->stats().flushes.count() - before, 5U) << "the rollback is one, too";
}

TEST(Figures, ACommitThatDoesNotWaitForTheDiskIsNone) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.durability = Durability::process_crash;
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  ASSERT_TRUE(add(*store, 0, 10));
  EXPECT_EQ(store->stats().flushes.count(), 0U);
}

TEST(Figures, ThereIsRoomOnTheDiskAndTheMapHoldsTheLargestStore) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  EXPECT_GT(store->stats().disk_free_bytes, 0);
  EXPECT_GT(store->stats().map_bytes, options.max_size_bytes);
}

/// What lib/store/README.md promises of batches of ten thousand, and of a thousand.
TEST(Figures, AKeyTakesTwentyAndAHalfBytesOfDiskAtMostAndInSmallerBatches22) {
  for (const auto& [batch, most] : {std::pair(10'000U, 20.5), std::pair(1'000U, 22.0)}) {
    const TemporaryDirectory directory;
    auto options = options_for(directory.path());
    options.durability = Durability::process_crash;
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    constexpr std::int64_t keys = 200'000;
    for (std::int64_t first = 0; first < keys; first += batch) {
      for (std::int64_t key = first; key < first + batch; ++key) {
        store->stage({digest_of(static_cast<std::uint64_t>(key)), 0, key, key, EntryKind::seen});
      }
      const SourceRange range = range_of("t", 0, first, first + batch);
      ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
    }
    const Stats stats = store->stats();
    EXPECT_EQ(stats.live_entries, static_cast<std::uint64_t>(keys));
    EXPECT_LE(static_cast<double>(stats.used_bytes) / keys, most) << batch;
  }
}

TEST(Figures, AFewLookupsAmongManyMeetAnotherKeyFirst) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  constexpr std::uint64_t keys = 50'000;
  constexpr std::uint64_t lookups = 500'000;
  ASSERT_TRUE(add(*store, 0, keys));
  const std::uint64_t before = store->stats().false_positives;
  for (std::uint64_t key = keys; key < keys + lookups; ++key) ASSERT_FALSE(store->find(digest_of(key), 5000)) << key;
  const std::uint64_t met = store->stats().false_positives - before;
  EXPECT_GT(met, 0U) << "each lookup compares a few of 65,536 fingerprints";
  EXPECT_LT(met, lookups / 1'000);
}

TEST(Figures, ABatchThatWaitsForTheIndexToGrowIsTold) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  ASSERT_TRUE(add(*store, 0, 100));
  EXPECT_EQ(store->stats().longest_growth.count(), 0) << "there was room";
  ASSERT_TRUE(add(*store, 100, 20'000));
  const auto longest = store->stats().longest_growth;
  EXPECT_GT(longest.count(), 0);
  ASSERT_TRUE(add(*store, 20'100, 1));
  EXPECT_GE(store->stats().longest_growth, longest) << "since the store was opened";
}

TEST(Figures, ABatchThatWaitedForTheIndexAndWasDroppedIsTold) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  for (std::uint64_t key = 0; key < 20'000; ++key) store->stage(seen(key, 5000));
  store->drop_staged();
  EXPECT_GT(store->stats().longest_growth.count(), 0);
}

}  // namespace
}  // namespace firstseen::store::test
