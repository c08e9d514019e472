#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "unit/store/support.h"

/// What the sweep has really taken, or would have met had it been there; a message that looks back to it is late.
namespace firstseen::store::test {
namespace {

class Removed : public testing::Test {
 protected:
  void open() {
    store_.reset();
    store_ = open_or_fail(options_);
    ASSERT_TRUE(store_);
  }
  /// Prepares what is staged; `covered_from`: of its partition.
  void prepare(std::int64_t horizon, std::int64_t covered_from = 0) {
    SourceRange range = range_of("t", 0, offset_, offset_ + 1);
    range.after.covered_from_ms = covered_from;
    ++offset_;
    ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, horizon, false)));
  }
  /// A batch with an entry at each of these times, settled.
  void batch(const std::vector<std::int64_t>& times, std::int64_t horizon) {
    for (const std::int64_t time : times) store_->stage(seen(++keys_, time, offset_));
    ASSERT_NO_FATAL_FAILURE(prepare(horizon));
    store_->settle();
  }
  /// Without a record of its own.
  void sweep(std::int64_t horizon) { ASSERT_TRUE(succeeded(store_->prepare({}, horizon, true))); }

  [[nodiscard]] std::int64_t swept() const { return store_->stats().swept_before_ms; }
  [[nodiscard]] std::int64_t removed() const {
    std::vector<std::int64_t> by_window;
    store_->removed_before(by_window);
    const std::int64_t told = store_->stats().removed_before_ms;
    EXPECT_EQ(by_window, std::vector<std::int64_t>{told});
    return told;
  }

  /// Has the row that tells what was removed written, or taken out, by other hands.
  void put_row(const std::optional<std::vector<std::uint8_t>>& value) {
    with_row([&](Txn& txn, const Tables& tables, Bytes key) {
      ASSERT_TRUE(succeeded(value ? txn.put(tables.meta, key, *value) : txn.erase(tables.meta, key)));
    });
  }
  std::vector<std::uint8_t> row() {
    std::vector<std::uint8_t> value;
    with_row([&](Txn& txn, const Tables& tables, Bytes key) {
      const auto found = txn.get(tables.meta, key);
      ASSERT_TRUE(succeeded(found));
      const Bytes bytes = found->value();
      value.assign(bytes.begin(), bytes.end());
    });
    return value;
  }

  TemporaryDirectory directory_;
  OpenOptions options_ = options_for(directory_.path());
  std::unique_ptr<SeenStore> store_;
  std::int64_t offset_ = 0;
  std::uint64_t keys_ = 0;

 private:
  /// The store is closed.
  template <class Use>
  void with_row(Use use) {
    auto env = Env::open({.directory = directory_.path(), .databases = Tables::names()});
    ASSERT_TRUE(succeeded(env));
    const Tables tables = Tables::of(**env).value();
    auto txn = Txn::begin(**env, Txn::Mode::write);
    ASSERT_TRUE(succeeded(txn));
    use(*txn, tables, bytes_of("removed"));
    ASSERT_TRUE(succeeded(txn->commit()));
  }
};

TEST_F(Removed, IsNothingWhereTheSweepFindsNothing) {
  open();
  for (const std::int64_t now : {100'000, 100'400, 100'800}) batch({now}, now - 1000);
  EXPECT_EQ(swept(), 99'800);
  EXPECT_EQ(removed(), -1);
  open();
  EXPECT_EQ(swept(), 99'800);
  EXPECT_EQ(removed(), -1) << "nor does a restart think so";
}

TEST_F(Removed, ReachesUpToTheNewestEntryThatHasLeft) {
  open();
  batch({1200, 1000}, never);
  batch({5000}, 1200);
  EXPECT_EQ(removed(), -1) << "a record leaves as a whole";
  batch({6000}, 5000);
  EXPECT_EQ(swept(), 5000);
  EXPECT_EQ(removed(), 1201);
  EXPECT_EQ(store_->stats().expired_entries, 2U);
  batch({6000}, never);
  batch({6000}, 3000);
  EXPECT_EQ(removed(), 1201);
  open();
  EXPECT_EQ(removed(), 1201);
  EXPECT_EQ(inspect(directory_.path())->stats.removed_before_ms, 1201) << "a view knows it, too";
}

TEST_F(Removed, IsTheNewestOfRecordsThatHadBecomeOne) {
  open();
  batch({1000}, never);
  batch({1010}, never);
  batch({5000}, never);
  ASSERT_EQ(store_->stats().live_records, 2U);
  sweep(1005);
  EXPECT_EQ(removed(), -1);
  sweep(1011);
  EXPECT_EQ(removed(), 1011);
  EXPECT_EQ(store_->stats().expired_entries, 2U);
}

TEST_F(Removed, StaysSoWhenTheBatchFallsThatRemovedIt) {
  open();
  batch({1000}, never);
  batch({5000}, never);
  store_->stage(seen(77, 5000, offset_));
  ASSERT_NO_FATAL_FAILURE(prepare(4000));
  EXPECT_EQ(removed(), 1001);
  ASSERT_TRUE(succeeded(store_->roll_back()));
  EXPECT_EQ(removed(), 1001) << "its entry does not come back";
  EXPECT_FALSE(store_->find(digest_of(1), 1000));
  open();
  EXPECT_EQ(removed(), 1001);
}

TEST_F(Removed, CountsWhatWentEarlyAsFarAsTheSweepHasCome) {
  options_.max_size_bytes = 512U << 10U;
  open();
  for (std::int64_t time = 1; time <= 40; ++time) batch(std::vector<std::int64_t>(3000, time), never);
  const std::int64_t evicted = store_->stats().evicted_before_ms;
  ASSERT_GT(evicted, 2);
  EXPECT_EQ(removed(), -1) << "the window is shorter, and shows it";
  sweep(2);
  EXPECT_EQ(removed(), 2);
  sweep(evicted + 1);
  EXPECT_EQ(removed(), evicted + 1);
  EXPECT_EQ(store_->stats().expired_entries, 0U);
}

TEST_F(Removed, CountsAHistoryThatWasNotReadAsFarAsTheSweepHasCome) {
  open();
  store_->stage(seen(1, 9000));
  ASSERT_NO_FATAL_FAILURE(prepare(2000, 3000));
  store_->settle();
  EXPECT_EQ(removed(), 2000);
  sweep(5000);
  EXPECT_EQ(removed(), 3000);
  sweep(8000);
  EXPECT_EQ(removed(), 3000);
}

TEST_F(Removed, OfAShortWindowIsMoreOfAHistoryThatWasReadForALongOne) {
  options_.windows = {{"short", Millis{100}}, {"long", Millis{10'000}}};
  open();
  ASSERT_NO_FATAL_FAILURE(prepare(10'000, 3000));
  store_->settle();
  const Stats stats = store_->stats();
  EXPECT_EQ(stats.logs[0].swept_before_ms, 19'900);
  EXPECT_EQ(stats.logs[0].removed_before_ms, 12'900) << "it ended at 13,000: what is older than 100 ms was left out";
  EXPECT_EQ(stats.logs[1].swept_before_ms, 10'000);
  EXPECT_EQ(stats.logs[1].removed_before_ms, 3000);
}

TEST_F(Removed, MayBeAllThatWasSweptByAnEarlierProgram) {
  open();
  batch({1000}, never);
  batch({5000}, 4000);
  ASSERT_EQ(removed(), 1001);
  store_.reset();
  const auto old = row();
  put_row({});
  open();
  EXPECT_EQ(removed(), 4000) << "it notes only how far it has swept";
  store_->settle();

  batch({5000}, 4500);
  store_.reset();
  put_row(old);
  open();
  EXPECT_EQ(removed(), 4500) << "the row is of a batch before";
}

}  // namespace
}  // namespace firstseen::store::test
