#include <filesystem>
#include <thread>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

TEST(Store, AStagedEntryIsFoundAtOnceAndAPreparedOneAfterReopening) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  const SourceRange range = range_of("orders", 3, 100, 110, 5000);
  {
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    EXPECT_FALSE(store->find(digest_of(1), 5000));
    store->stage(seen(1, 5000, 104));
    const auto staged = store->find(digest_of(1), 5000);
    ASSERT_TRUE(staged);
    EXPECT_TRUE(staged->staged);
    EXPECT_EQ(staged->offset, 104);
    ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
    store->settle();
    ASSERT_TRUE(succeeded(store->close_clean()));
  }
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->undecided());
  const auto found = store->find(digest_of(1), 5500);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->staged);
  EXPECT_EQ(found->offset, 104);
  EXPECT_EQ(found->time_ms, 5000);
  EXPECT_EQ(found->source.copy(), (TopicPartition{"orders", 3}));
  EXPECT_EQ(store->partitions().at({"orders", 3}), range.after);
}

TEST(Store, WhatIsNotedAsSettledIsNotInDoubtAfterAKillAndWhatIsUndecidedStaysSo) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  {
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    for (const std::int64_t start : {0, 10}) {
      const SourceRange range = range_of("t", 0, start, start + 10);
      store->stage(seen(static_cast<std::uint64_t>(start), 5000));
      ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
      ASSERT_TRUE(succeeded(store->note_settled())) << "says nothing while it is undecided";
      ASSERT_TRUE(store->undecided());
      if (start == 0) store->settle();
    }
  }
  {
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->undecided());
    store->settle();
    ASSERT_TRUE(succeeded(store->note_settled()));
  }
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->undecided());
  EXPECT_TRUE(store->find(digest_of(10), 5000));
}

TEST(Store, AnEntryCountsUpToTheTtlInBothDirectionsAndNotBeyond) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  store->stage(seen(1, 5000));
  for (const std::int64_t now : {4000, 5000, 6000}) EXPECT_TRUE(store->find(digest_of(1), now)) << now;
  for (const std::int64_t now : {3999, 6001}) EXPECT_FALSE(store->find(digest_of(1), now)) << now;
}

TEST(Store, OfSeveralEntriesTheNearestInTimeIsFound) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  for (const std::int64_t time : {5000, 6400, 4300}) store->stage(seen(1, time));
  EXPECT_EQ(store->find(digest_of(1), 6000)->time_ms, 6400);
  EXPECT_EQ(store->find(digest_of(1), 5600)->time_ms, 5000);
  EXPECT_EQ(store->find(digest_of(1), 4400)->time_ms, 4300);
}

TEST(Store, ATombstoneHidesWhatStandsBeforeItAndNothingAfter) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  const SourceRange range = range_of("t", 0, 0, 1);
  auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  store->stage(seen(1, 5000));
  ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
  store->stage(tombstone(1, 5001));
  EXPECT_FALSE(store->find(digest_of(1), 5000));
  ASSERT_TRUE(succeeded(store->prepare({}, never, true)));
  EXPECT_FALSE(store->find(digest_of(1), 5000));
  store->stage(seen(1, 5200));
  EXPECT_EQ(store->find(digest_of(1), 5000)->time_ms, 5200);
  store.reset();
  store = open_or_fail(options);
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->find(digest_of(1), 5000));
}

TEST(Store, ARolledBackBatchLeavesNoEntryAndRestoresItsPartitions) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  const SourceRange first = range_of("t", 0, 0, 10, 100);
  store->stage(seen(1, 100, 5));
  ASSERT_TRUE(succeeded(store->prepare({&first, 1}, never, false)));
  store->settle();
  const std::array second = {range_of("t", 0, 10, 20, 200), range_of("t", 1, 0, 5, 150)};
  store->stage(seen(2, 200, 15));
  ASSERT_TRUE(succeeded(store->prepare(second, never, false)));
  ASSERT_TRUE(store->undecided());
  EXPECT_EQ(store->undecided()->ranges[0].before, first.after);
  EXPECT_EQ(store->undecided()->ranges[1].before, std::nullopt);
  ASSERT_TRUE(succeeded(store->roll_back()));
  EXPECT_FALSE(store->undecided());
  EXPECT_TRUE(store->find(digest_of(1), 100));
  EXPECT_FALSE(store->find(digest_of(2), 200));
  EXPECT_EQ(store->partitions().size(), 1U);
  EXPECT_EQ(store->partitions().at({"t", 0}), first.after);
}

TEST(Store, WithoutACleanStopTheLastBatchIsUndecidedAndWithOneItIsNot) {
  for (const bool clean : {false, true}) {
    const TemporaryDirectory directory;
    const auto options = options_for(directory.path());
    const SourceRange range = range_of("t", 0, 0, 10);
    BatchId id;
    {
      const auto store = open_or_fail(options);
      ASSERT_TRUE(store);
      store->stage(seen(1, 100));
      id = store->next_batch();
      ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
      store->settle();
      if (clean) {
        ASSERT_TRUE(succeeded(store->close_clean()));
      }
    }
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    EXPECT_EQ(store->undecided().has_value(), !clean);
    if (!clean) {
      EXPECT_EQ(store->undecided()->id, id);
    }
  }
}

TEST(Store, ADecidedBatchIsNeverUndecided) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  const SourceRange range = range_of("t", 0, 0, 10);
  {
    const auto store = open_or_fail(options);
    store->stage(seen(1, 100));
    ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
    EXPECT_FALSE(store->undecided());
  }
  EXPECT_FALSE(open_or_fail(options)->undecided());
}

TEST(Store, EntriesStagedDuringARollBackStayStaged) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  const SourceRange range = range_of("t", 0, 0, 10);
  for (std::uint64_t key = 0; key < 600; ++key) store->stage(seen(key, 100));
  ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
  store->stage(seen(1000, 100));
  ASSERT_TRUE(succeeded(store->roll_back()));
  EXPECT_TRUE(store->find(digest_of(1000), 100)->staged);
  EXPECT_FALSE(store->find(digest_of(5), 100));
}

TEST(Store, InDebugBuildsASecondThreadIsCaught) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  std::thread([&] { store->stage(seen(1, 100)); }).join();  // whoever opened it need not be who uses it
  const auto use = [&] {
    std::filesystem::remove_all(directory.path());  // the child's own, which it dies without removing
    store->drop_staged();
  };
  EXPECT_DEATH(use(), "does not own");
#endif
}

}  // namespace
}  // namespace firstseen::store::test
