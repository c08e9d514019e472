#include "unit/store/crashed_store.h"

/// Several windows in one store: what they share, and what each has of its own.
namespace firstseen::store::test {
namespace {

Entry in_window(std::uint8_t window, std::uint64_t key, std::int64_t time_ms, std::int64_t offset = 0) {
  Entry entry = seen(key, time_ms, offset);
  entry.window = window;
  return entry;
}

class Windows : public testing::Test {
 protected:
  void SetUp() override {
    options_ = options_for(directory_.path());
    options_.windows = {{"short", Millis{100}}, {"long", Millis{10'000}}, {"also-short", Millis{100}}};
  }
  void open() {
    store_.reset();
    store_ = open_or_fail(options_);
    ASSERT_TRUE(store_);
  }
  /// Prepares what is staged, as of stream time `now`, and settles it.
  void batch(std::int64_t now) {
    const SourceRange range = range_of("t", 0, offset_, offset_ + 1, now);
    ++offset_;
    ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, now - 10'000, false)));
    store_->settle();
  }

  TemporaryDirectory directory_;
  OpenOptions options_;
  std::unique_ptr<SeenStore> store_;
  std::int64_t offset_ = 0;
};

TEST_F(Windows, AKeyIsASeenOneForItsOwnTtl) {
  open();
  store_->stage(in_window(0, 1, 1000));
  store_->stage(in_window(1, 2, 1000));
  batch(1000);
  EXPECT_TRUE(store_->find(digest_of(1), 1100, 0));
  EXPECT_FALSE(store_->find(digest_of(1), 1101, 0));
  EXPECT_TRUE(store_->find(digest_of(2), 11'000, 1));
  EXPECT_FALSE(store_->find(digest_of(2), 11'001, 1));
}

TEST_F(Windows, WithOneTtlShareALogAndAShortOneNeverWaitsForALongOne) {
  open();
  for (std::uint64_t i = 0; i < 50; ++i) {
    const std::int64_t now = 100'000 + static_cast<std::int64_t>(i) * 100;
    for (std::uint8_t window = 0; window < 3; ++window) store_->stage(in_window(window, i * 10 + window, now));
    batch(now);
  }
  const Stats stats = store_->stats();
  ASSERT_EQ(stats.logs.size(), 2U);
  EXPECT_EQ(stats.logs[0].windows, (std::vector<std::string>{"short", "also-short"}));
  EXPECT_EQ(stats.logs[1].windows, (std::vector<std::string>{"long"}));
  EXPECT_EQ(stats.log_of_window, (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_LE(stats.logs[0].live_entries, 6U) << "older ones have left";
  EXPECT_EQ(stats.logs[1].live_entries, 50U);
  EXPECT_EQ(stats.live_entries, stats.logs[0].live_entries + 50);
  EXPECT_EQ(stats.logs[0].swept_before_ms, 104'900 - 100);
  EXPECT_EQ(stats.logs[1].swept_before_ms, 104'900 - 10'000);
  EXPECT_EQ(stats.logs[0].removed_before_ms, 104'701) << "the newest that has left is of 104,700";
  EXPECT_EQ(stats.logs[1].removed_before_ms, -1);
  std::vector<std::int64_t> removed;
  store_->removed_before(removed);
  EXPECT_EQ(removed, (std::vector<std::int64_t>{104'701, -1, 104'701})) << "of the log of each window";
}

TEST_F(Windows, OfABatchWithoutKeysOfAWindowTheOtherWindowsKeepNothing) {
  open();
  store_->stage(in_window(1, 1, 1000));
  batch(1000);
  EXPECT_EQ(store_->stats().logs[0].live_entries, 0U);
  EXPECT_EQ(store_->stats().logs[1].live_entries, 1U);
}

TEST_F(Windows, FallTogetherWithTheirBatch) {
  open();
  store_->stage(in_window(0, 1, 1000));
  store_->stage(in_window(1, 2, 1000));
  batch(1000);
  for (std::uint8_t window = 0; window < 2; ++window) store_->stage(in_window(window, 10U + window, 1001));
  const SourceRange range = range_of("t", 0, 1, 2, 1001);
  ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, never, false)));
  open();
  ASSERT_TRUE(store_->undecided());
  EXPECT_EQ(store_->undecided()->ranges.size(), 1U);
  ASSERT_TRUE(succeeded(store_->roll_back()));
  for (std::uint8_t window = 0; window < 2; ++window) {
    EXPECT_TRUE(store_->find(digest_of(1U + window), 1001, window));
    EXPECT_FALSE(store_->find(digest_of(10U + window), 1001, window));
  }
  EXPECT_EQ(store_->partitions().at({"t", 0}).next_offset, 1);
}

TEST_F(Windows, AForgottenKeyIsForgottenWhicheverItsWindowIs) {
  open();
  store_->stage(in_window(0, 1, 1000));
  store_->stage(in_window(1, 2, 1000));
  batch(1000);
  for (const std::uint64_t key : {1U, 2U}) store_->stage(tombstone(key, 1001));
  ASSERT_TRUE(succeeded(store_->prepare({}, never, true)));
  open();
  EXPECT_FALSE(store_->find(digest_of(1), 1001, 0));
  EXPECT_FALSE(store_->find(digest_of(2), 1001, 1));
}

TEST_F(Windows, MayHaveOtherTtlsLaterAndKeepTheirKeys) {
  open();
  for (std::uint8_t window = 0; window < 3; ++window) store_->stage(in_window(window, window, 1000));
  batch(1000);
  options_.windows[0].ttl = Millis{10'000};
  options_.windows[1].ttl = Millis{50};
  open();
  EXPECT_TRUE(store_->find(digest_of(0), 11'000, 0));
  EXPECT_FALSE(store_->find(digest_of(1), 1051, 1));
  EXPECT_TRUE(store_->find(digest_of(2), 1100, 2));
  EXPECT_FALSE(store_->find(digest_of(2), 1101, 2)) << "in the log of a longer window, and yet by its own ttl";
}

TEST_F(Windows, ThatGrowTellWhatHasLeftForTheirOldTtl) {
  open();
  for (std::uint8_t window = 0; window < 3; ++window) store_->stage(in_window(window, window, 1000));
  batch(1000);
  batch(20'000);
  EXPECT_FALSE(store_->find(digest_of(0), 1000, 0));
  options_.windows[0].ttl = Millis{5000};
  for (int opening = 0; opening < 2; ++opening) {
    open();
    EXPECT_EQ(store_->stats().logs[0].evicted_before_ms, 20'000 - 100);
    EXPECT_EQ(store_->stats().logs[1].evicted_before_ms, -1) << "its ttl is what it was";
  }
  options_.windows[0].ttl = Millis{50};
  open();
  EXPECT_EQ(store_->stats().logs[0].evicted_before_ms, 20'000 - 100) << "a shorter one brings nothing back";
}

TEST_F(Windows, ThatGrowBeforeAnythingHasLeftAreCoveredWhole) {
  open();
  store_->stage(in_window(0, 0, 20'000));
  const SourceRange range = range_of("t", 0, 0, 1, 20'000);
  ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, never, true)));
  options_.windows[0].ttl = Millis{5000};
  open();
  EXPECT_EQ(store_->stats().logs[0].evicted_before_ms, -1);
  EXPECT_TRUE(store_->find(digest_of(0), 25'000, 0));
}

TEST_F(Windows, MayHaveOtherTtlsWhileTheStoreIsOpen) {
  open();
  for (std::uint8_t window = 0; window < 3; ++window) store_->stage(in_window(window, window, 1000));
  batch(1000);
  ASSERT_TRUE(succeeded(store_->set_ttls({}, std::array{Millis{10'000}, Millis{50}, Millis{100}})));
  EXPECT_TRUE(store_->find(digest_of(0), 11'000, 0));
  EXPECT_FALSE(store_->find(digest_of(1), 1051, 1));
  EXPECT_TRUE(store_->find(digest_of(2), 1100, 2));
  EXPECT_FALSE(store_->find(digest_of(2), 1101, 2));
  EXPECT_FALSE(store_->set_ttls({}, std::array{Millis{10'000}})) << "one for each";
  store_.reset();
  EXPECT_EQ(inspect(directory_.path())->windows[1].ttl, Millis{50}) << "a view knows it, too";
}

TEST_F(Windows, ThatGrowAreShortByWhatHasLeftWhetherTheStoreIsOpenOrNot) {
  for (const bool while_open : {true, false}) {
    SCOPED_TRACE(while_open ? "while it is open" : "at an opening");
    options_.directory = directory_.path() / (while_open ? "open" : "opened");
    options_.windows = {};
    options_.ttl = Millis{1000};
    offset_ = 0;
    open();
    for (const std::int64_t now : {100'000, 200'000, 300'000}) {
      store_->stage(seen(static_cast<std::uint64_t>(now), now));
      const SourceRange range = range_of("t", 0, offset_, offset_ + 1, now);
      ++offset_;
      ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, now - options_.ttl.count(), false)));
      store_->settle();
    }
    ASSERT_EQ(store_->stats().evicted_before_ms, -1);
    const std::int64_t swept = store_->stats().swept_before_ms;
    ASSERT_EQ(swept, 299'000);
    const auto change = [&](Millis ttl) {
      options_.ttl = ttl;
      if (!while_open) return open();
      EXPECT_TRUE(succeeded(store_->set_ttls(ttl, {})));
    };
    change(Millis{500});
    EXPECT_EQ(store_->stats().evicted_before_ms, -1) << "of a shorter window nothing is missing";
    change(Millis{1'000'000});
    EXPECT_EQ(store_->stats().evicted_before_ms, swept);
    open();
    EXPECT_EQ(store_->stats().evicted_before_ms, swept) << "that is kept";
    EXPECT_EQ(store_->stats().evicted_entries, 0U) << "nothing was taken away for want of space";
  }
}

TEST_F(Windows, StayWhatTheyAreOnceTheStoreHasHeldABatch) {
  open();
  options_.windows.pop_back();
  open();
  store_->stage(in_window(1, 1, 1000));
  batch(1000);
  store_.reset();
  const auto before = contents_of(directory_.path());
  for (const auto& other : std::vector<std::vector<Window>>{
           {}, {{"long", Millis{10'000}}, {"short", Millis{100}}}, {{"short", Millis{100}}}}) {
    options_.windows = other;
    const auto opened = SeenStore::open(options_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().exit, Exit::config);
    EXPECT_NE(opened.error().message.find("short, long"), std::string::npos) << opened.error().message;
  }
  EXPECT_EQ(contents_of(directory_.path())["data.mdb"], before.at("data.mdb"));
}

TEST_F(Windows, AStoreWithoutThemHasTheFirstFormatAndOneWithThemTheSecond) {
  open();
  store_.reset();
  EXPECT_EQ(inspect(directory_.path())->format, format_version);
  options_.windows.clear();
  open();
  store_.reset();
  EXPECT_EQ(inspect(directory_.path())->format, plain_format);
}

TEST_F(Windows, WhenSpaceRunsOutTheLogThatTakesTheMostGivesUpItsOldest) {
  options_.max_size_bytes = 1U << 20U;
  options_.windows = {{"small", Millis{1'000'000}}, {"large", Millis{2'000'000}}};
  open();
  for (std::uint64_t i = 0; i < 40; ++i) {
    store_->stage(in_window(0, i, static_cast<std::int64_t>(i)));
    for (std::uint64_t k = 0; k < 3000; ++k) {
      store_->stage(in_window(1, 1000 + i * 3000 + k, static_cast<std::int64_t>(i)));
    }
    const SourceRange range = range_of("t", 0, offset_, offset_ + 1, static_cast<std::int64_t>(i));
    ++offset_;
    ASSERT_TRUE(succeeded(store_->prepare({&range, 1}, never, true)));
  }
  const Stats stats = store_->stats();
  EXPECT_EQ(stats.logs[0].evicted_entries, 0U);
  EXPECT_EQ(stats.logs[0].evicted_before_ms, -1);
  EXPECT_GT(stats.logs[1].evicted_entries, 0U);
  for (std::uint64_t i = 0; i < 40; ++i) EXPECT_TRUE(store_->find(digest_of(i), 39, 0)) << i;
}

/// Batches of both windows, in a store that the machine's crash left unsynced.
OpenOptions crashed_with_windows(const std::filesystem::path& directory, int batches) {
  auto options = options_for(directory);
  options.durability = Durability::process_crash;
  options.windows = {{"a", Millis{8}}, {"b", Millis{16}}};  // each batch keeps a record of its own
  const auto store = open_or_fail(options);
  for (int i = 0; i < batches; ++i) {
    const std::int64_t start = 10L * i;
    const std::array ranges = {range_of("t", 0, start, start + 10, 1000 + 10 * i)};
    for (std::uint64_t k = 0; k < 600; ++k) {
      const auto window = static_cast<std::uint8_t>(k % 2);
      // The second window has no key in every other batch.
      if (window == 1 && i % 2 == 1) continue;
      store->stage(in_window(window, static_cast<std::uint64_t>(i) * 1000 + k, 1000 + 10 * i, start));
    }
    EXPECT_TRUE(succeeded(store->prepare(ranges, never, false)));
    if (i + 1 < batches) store->settle();
  }
  return options;
}

/// Checks that batches up to some number are there, of all windows, and no other.
void expect_a_prefix(SeenStore& store, int batches) {
  const auto known = store.partitions().find({"t", 0});
  const std::int64_t next = known == store.partitions().end() ? 0 : known->second.next_offset;
  for (int i = 0; i < batches; ++i) {
    for (std::uint64_t k = 0; k < 2; ++k) {
      const bool has_it = k == 0 || i % 2 == 0;
      const bool found =
          store.find(digest_of(static_cast<std::uint64_t>(i) * 1000 + k), 1000 + 10 * i, static_cast<std::uint8_t>(k))
              .has_value();
      if (i < next / 10) {
        EXPECT_EQ(found, has_it) << "batch " << i << " window " << k << " of a store up to " << next;
      }
    }
  }
}

TEST(WindowsAfterPowerLoss, ASoundStoreIsKeptWhole) {
  const TemporaryDirectory directory;
  auto options = crashed_with_windows(directory.path(), 6);
  options.boot_id = "boot-2";
  const auto store = open_or_fail(options);
  EXPECT_TRUE(says(store->open_report(), "everything is sound"));
  EXPECT_EQ(store->stats().live_entries, 6 * 300U + 3 * 300U);
  ASSERT_TRUE(store->undecided());
  EXPECT_EQ(store->partitions().at({"t", 0}).next_offset, 60);
  expect_a_prefix(*store, 6);
}

TEST(WindowsAfterPowerLoss, PagesThatNeverReachedTheDiskLeaveWholeBatchesOfAllWindows) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const TemporaryDirectory directory;
    auto options = crashed_with_windows(directory.path(), 6);
    const auto path = directory.path() / "data.mdb";
    const auto pages = std::filesystem::file_size(path) / 4096;
    {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      for (std::uint64_t i = 0; i < 1 + seed % 2; ++i) {
        file.seekp(static_cast<std::streamoff>((2 + (seed * 7 + i * 17) % (pages - 2)) * 4096));
        file << std::string(4096, seed % 2 == 0 ? '\0' : '\x5A');
      }
    }
    options.boot_id = "boot-2";
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    expect_a_prefix(*store, 6);
    ASSERT_TRUE(succeeded(store->roll_back()));
    expect_a_prefix(*store, 6);
    const auto next = store->partitions().contains({"t", 0}) ? store->partitions().at({"t", 0}).next_offset : 0;
    const SourceRange range = range_of("t", 0, next, next + 1);
    for (std::uint8_t window = 0; window < 2; ++window) store->stage(in_window(window, 77'770U + window, 1100));
    EXPECT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
    const auto verification = verify(directory.path());
    ASSERT_TRUE(succeeded(verification));
    EXPECT_EQ(verification->problems, std::vector<std::string>());
  }
}

}  // namespace
}  // namespace firstseen::store::test
