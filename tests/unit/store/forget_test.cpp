#include "store/forget.h"

#include "unit/store/support.h"

/// A key that is forgotten costs nothing else its place, and no other key stays for it.
namespace firstseen::store::test {
namespace {

class Forget : public testing::Test {
 protected:
  void open(const LogLimits& limits = {}) {
    store_.reset();
    auto opened = LogStore::open(options_, limits);
    ASSERT_TRUE(succeeded(opened));
    store_ = std::move(*opened);
  }
  void forget(std::uint64_t key) { ASSERT_TRUE(succeeded(store::forget(*store_, digest_of(key)))); }
  /// One new key, prepared alone and not decided yet.
  void prepare(std::uint64_t key, std::int64_t time_ms, std::uint8_t window = 0,
               std::int64_t expire_before_ms = never) {
    Entry entry = seen(key, time_ms, offset_);
    entry.window = window;
    store_->stage(entry);
    const SourceRange range = range_of("t", 0, offset_, offset_ + 1, time_ms);
    ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, expire_before_ms, false)));
  }
  void batch(std::uint64_t key, std::int64_t time_ms, std::uint8_t window = 0, std::int64_t expire_before_ms = never) {
    prepare(key, time_ms, window, expire_before_ms);
    store_->settle();
    ++offset_;
  }

  TemporaryDirectory directory_;
  OpenOptions options_ = options_for(directory_.path());
  std::unique_ptr<SeenStore> store_;
  std::int64_t offset_ = 0;
};

TEST_F(Forget, LetsEverythingLeaveWhenItWouldHaveLeftAnyway) {
  open();
  batch(1, 1000);
  forget(1);
  EXPECT_FALSE(store_->find(digest_of(1), 1000));
  EXPECT_EQ(store_->stats().newest_time_ms, 1000) << "no later than the keys, whatever a clock says";
  batch(2, 2500, 0, 1001);
  EXPECT_EQ(store_->stats().live_entries, 1U) << "the tombstone has left with what it hid";
}

TEST_F(Forget, KeepsNoWindowLongerForTheKeysOfAnother) {
  options_.windows = {{"short", Millis{100}}, {"long", Millis{10'000}}};
  open();
  batch(1, 1000, 0);
  batch(2, 9000, 1);
  forget(2);
  EXPECT_FALSE(store_->find(digest_of(2), 9000, 1));
  EXPECT_TRUE(store_->find(digest_of(1), 1000, 0));
  batch(3, 9500, 1, 9500 - 10'000);
  EXPECT_EQ(store_->stats().logs[0].live_entries, 0U);
  EXPECT_EQ(store_->stats().logs[1].live_entries, 3U);
  EXPECT_FALSE(store_->find(digest_of(2), 9000, 1)) << "hidden for as long as it is there";
}

TEST_F(Forget, HoldsWhereSmallRecordsBecomeOneAndWhereLaterBatchesFall) {
  options_.ttl = Millis{16'000};
  open();
  batch(1, 1000);
  forget(1);
  for (std::uint64_t key = 2; key < 20; ++key) {
    const auto time_ms = static_cast<std::int64_t>(1000 + key);
    prepare(1000 + key, time_ms);
    EXPECT_FALSE(store_->find(digest_of(1), 1000)) << key;
    ASSERT_TRUE(succeeded(store_->roll_back()));
    EXPECT_FALSE(store_->find(digest_of(1), 1000)) << key;
    batch(key, time_ms);
    EXPECT_FALSE(store_->find(digest_of(1), 1000)) << key;
  }
  EXPECT_LE(store_->stats().live_records, 3U) << "a tombstone stands in no record's way";
  open();
  EXPECT_FALSE(store_->find(digest_of(1), 1000));
  EXPECT_TRUE(store_->find(digest_of(2), 1002));
}

TEST_F(Forget, ShortensNoWindowWhenTheStoreIsFull) {
  open({.longest_log = 512});  // two records
  batch(1, 1000);
  forget(1);
  batch(2, 5000);
  batch(3, 6000);
  EXPECT_FALSE(store_->find(digest_of(1), 1000));
  EXPECT_EQ(store_->stats().evicted_entries, 2U) << "the key and its tombstone";
  EXPECT_EQ(store_->stats().evicted_before_ms, 1000);
}

TEST_F(Forget, InAnEmptyStoreLeavesWithTheFirstSweep) {
  open();
  forget(1);
  EXPECT_EQ(store_->stats().live_entries, 1U);
  batch(2, 5000);
  batch(3, 6000, 0, 4000);
  EXPECT_EQ(store_->stats().live_entries, 2U);
}

}  // namespace
}  // namespace firstseen::store::test
