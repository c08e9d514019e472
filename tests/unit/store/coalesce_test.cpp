#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

/// Batches of a few keys, as a quiet topic brings them; the store's window is a second, or what a test says.
class SmallBatches : public testing::Test {
 protected:
  void open() {
    store_ = nullptr;
    store_ = open_or_fail(options_);
    ASSERT_TRUE(store_);
  }

  /// `keys` new keys of one partition, one offset and one millisecond each.
  void batch(std::uint64_t keys, std::int32_t partition = 0) {
    const TopicPartition tp{"quiet", partition};
    const auto known = store_->partitions().find(tp);
    const std::int64_t start = known == store_->partitions().end() ? 0 : known->second.next_offset;
    const auto count = static_cast<std::int64_t>(keys);
    for (std::int64_t i = 0; i < count; ++i) {
      kept_.push_back({tp, start + i, now_ms_ + i});
      store_->stage(seen(kept_.size(), now_ms_ + i, start + i));
    }
    const SourceRange range = range_of(tp.topic, partition, start, start + count, now_ms_);
    ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, never, false)));
    now_ms_ += count;
  }

  void expect_all_found() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      const auto found = store_->find(digest_of(i + 1), kept_[i].time_ms);
      ASSERT_TRUE(found) << i;
      EXPECT_EQ(found->offset, kept_[i].offset) << i;
      EXPECT_EQ(found->time_ms, kept_[i].time_ms) << i;
      EXPECT_EQ(found->source.copy(), kept_[i].tp) << i;
    }
    const auto verified = verify(directory_.path());
    ASSERT_TRUE(succeeded(verified));
    EXPECT_TRUE(verified->problems.empty()) << verified->problems.front();
    EXPECT_EQ(verified->entries, kept_.size());
  }

  struct Kept {
    TopicPartition tp;
    std::int64_t offset = 0;
    std::int64_t time_ms = 0;
  };

  TemporaryDirectory directory_;
  OpenOptions options_ = options_for(directory_.path());
  std::unique_ptr<SeenStore> store_;
  std::vector<Kept> kept_;
  std::int64_t now_ms_ = 1'000'000;
};

TEST_F(SmallBatches, ShareRecordsAndAreFoundWithTheirOffsetsTimesAndSources) {
  options_.ttl = Millis{1'000'000};
  open();
  for (int i = 0; i < 300; ++i) {
    batch(3, i % 7);
    store_->settle();
  }
  EXPECT_LE(store_->stats().live_records, 3U);
  expect_all_found();
  open();
  expect_all_found();
}

TEST_F(SmallBatches, TakeAboutAsManyBytesPerKeyAsLargeOnes) {
  options_.ttl = Millis{10'000'000};
  open();
  for (int i = 0; i < 1000; ++i) {
    batch(50);
    store_->settle();
  }
  const Stats stats = store_->stats();
  EXPECT_EQ(stats.live_entries, 50'000U);
  EXPECT_LE(stats.used_bytes, 50'000U * 22);
}

TEST_F(SmallBatches, OfAPartitionThatIsQuietLongerKeepItsState) {
  options_.ttl = Millis{1'000'000};
  open();
  batch(2, 5);
  const PartitionState quiet = store_->partitions().at({"quiet", 5});
  for (int i = 0; i < 20; ++i) {
    store_->settle();
    batch(2, 1);
  }
  open();
  EXPECT_EQ(store_->partitions().at({"quiet", 5}), quiet);
  expect_all_found();
}

TEST_F(SmallBatches, ThatFallNeverTakeSettledOnesAlong) {
  options_.ttl = Millis{1'000'000};
  open();
  for (int i = 0; i < 50; ++i) {
    batch(4);
    store_->settle();
    const auto before = store_->partitions();
    const std::size_t stand = kept_.size();
    batch(4);
    if (i % 2 == 0) open();  // as after a crash
    ASSERT_TRUE(succeeded(store_->roll_back()));
    kept_.resize(stand);
    EXPECT_EQ(store_->partitions(), before);
    expect_all_found();
  }
}

TEST_F(SmallBatches, MoveWhatIsStagedBehindThemAlong) {
  options_.ttl = Millis{1'000'000};
  open();
  for (int i = 0; i < 3; ++i) {
    batch(10);
    store_->settle();
  }
  const auto next = static_cast<std::int64_t>(kept_.size());
  for (std::int64_t i = 0; i < 700; ++i) {  // more than a block of positions
    kept_.push_back({{"quiet", 0}, next + i, now_ms_});
    store_->stage(seen(kept_.size(), now_ms_, next + i));
  }
  const SourceRange range = range_of("quiet", 0, next, next + 700, now_ms_);
  ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, never, false)));
  EXPECT_EQ(store_->stats().live_records, 2U);
  expect_all_found();
}

TEST_F(SmallBatches, FarApartInTimeStayApartSoThatEachLeavesInTime) {
  options_.ttl = Millis{16'000};
  open();
  for (int i = 0; i < 10; ++i) {
    batch(1);
    store_->settle();
    now_ms_ += 1000;  // a sixteenth of the window
  }
  EXPECT_EQ(store_->stats().live_records, 10U);
}

}  // namespace
}  // namespace firstseen::store::test
