// The index that a clean stop leaves: used when it fits exactly, and otherwise as if it were not there.

#include <random>

#include "store/index_file_head.h"
#include "unit/store/index_file_fixture.h"

namespace firstseen::store::test {
namespace {

TEST_F(SavedIndexFile, IsUsedAtTheNextStartAndTheStoreGoesOnWithIt) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  EXPECT_TRUE(fs::exists(file()));
  std::uint64_t count = keys;
  for (int start = 0; start < 4; ++start) {
    const auto store = open_and_check("snapshot", count);
    ASSERT_TRUE(store);
    ASSERT_NO_FATAL_FAILURE(add(*store, count, 40'000));
    count += 40'000;
    ASSERT_NO_FATAL_FAILURE(stop(*store));
  }
  open_and_check("snapshot", count);
}

TEST_F(SavedIndexFile, IsUsedInTheMiddleOfAChangeOfSizeWhichThenGoesOn) {
  std::uint64_t count = 0;
  bool seen_moving = false;
  for (int start = 0; start < 60; ++start) {
    auto opened = LogStore::open(options_, {.first = 0xFFFFF000U});
    ASSERT_TRUE(succeeded(opened));
    LogStore& store = **opened;
    if (start > 0) {
      ASSERT_EQ(store.note("index"), "snapshot");
    }
    seen_moving = seen_moving || store.index().tables().size() == 2;
    ASSERT_NO_FATAL_FAILURE(add(store, count, 3000));
    count += 3000;
    ASSERT_NO_FATAL_FAILURE(stop(store));
    const double per_key = static_cast<double>(store.index().memory_bytes()) / static_cast<double>(count);
    ASSERT_LT(per_key, count < 100'000 ? 1000 : 40);
  }
  EXPECT_TRUE(seen_moving);
  open_and_check("snapshot", count);
}

TEST_F(SavedIndexFile, AStoreThatAlwaysStopsSoonStillGetsALargerIndex) {
  std::uint64_t count = 0;
  for (int start = 0; start < 150; ++start) {
    auto opened = LogStore::open(options_, {});
    ASSERT_TRUE(succeeded(opened));
    ASSERT_NO_FATAL_FAILURE(add(**opened, count, 1000));
    count += 1000;
    EXPECT_LT((*opened)->index().overflow_entries(), 100U);
    ASSERT_NO_FATAL_FAILURE(stop(**opened));
  }
  open_and_check("snapshot", count);
}

TEST_F(SavedIndexFile, HoldsTheSideTable) {
  {
    const auto store = open_or_fail(options_);
    for (int i = 0; i < 100; ++i) ASSERT_NO_FATAL_FAILURE(add(*store, 0, 1));  // one key: its lines overflow
    ASSERT_NO_FATAL_FAILURE(add(*store, 0, 1000));
    ASSERT_NO_FATAL_FAILURE(stop(*store));
  }
  auto opened = LogStore::open(options_, {});
  ASSERT_TRUE(succeeded(opened));
  EXPECT_EQ((*opened)->note("index"), "snapshot");
  EXPECT_GE((*opened)->index().overflow_entries(), 80U);
  EXPECT_TRUE((*opened)->find(digest_of(0), 100));
}

TEST_F(SavedIndexFile, AnUndecidedBatchCanFallAfterwards) {
  {
    const auto store = open_or_fail(options_);
    ASSERT_NO_FATAL_FAILURE(add(*store, 0, 1000));
    ASSERT_NO_FATAL_FAILURE(add(*store, 1000, 500, false));
    ASSERT_NO_FATAL_FAILURE(stop(*store));
  }
  const auto store = open_and_check("snapshot", 1500);
  ASSERT_TRUE(store->undecided());
  ASSERT_TRUE(succeeded(store->roll_back()));
  EXPECT_TRUE(store->find(digest_of(999), 100));
  EXPECT_FALSE(store->find(digest_of(1000), 100));
}

TEST_F(SavedIndexFile, IsRemovedBeforeTheFirstWriteAfterIt) {
  const auto store = open_or_fail(options_);
  ASSERT_NO_FATAL_FAILURE(add(*store, 0, 10));
  ASSERT_NO_FATAL_FAILURE(stop(*store));
  ASSERT_TRUE(fs::exists(file()));
  ASSERT_NO_FATAL_FAILURE(add(*store, 10, 10));
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(SavedIndexFile, AnyFlippedBitMakesItIgnored) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  const fs::path saved = directory_.path() / "saved";
  fs::copy(options_.directory, saved, fs::copy_options::recursive);
  const std::string content = content_of(file());
  std::mt19937_64 random(3);
  std::vector<std::size_t> places = {0,  4,  8,  16,  20,  24,  32,  64,  72,  80,
                                     88, 92, 96, 104, 112, 120, 136, 168, 200, 4095};
  for (int i = 0; i < 30; ++i) places.push_back(random() % content.size());
  for (const std::size_t at : places) {
    SCOPED_TRACE(at);
    fs::remove_all(options_.directory);
    fs::copy(saved, options_.directory, fs::copy_options::recursive);
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    write_file(file(), damaged);
    // What no checksum covers is the unused rest of a page behind a stretch of the file: there it does not matter.
    const auto store = open_or_fail(options_);
    ASSERT_TRUE(store);
    EXPECT_TRUE(store->note("index")->starts_with("read from"));
    EXPECT_TRUE(says(store->open_report(), "is not used: "));
    for (std::uint64_t key = 0; key < keys; key += 97) ASSERT_TRUE(store->find(digest_of(key), 100)) << key;
  }
}

TEST(IndexFileHead, IsRefusedWhenATablesRegionsAreNotWholePages) {
  const auto decoded = [](std::uint64_t lines) {
    IndexFileHead head;
    head.key.store_id = std::string(32, 'a');
    head.tables.push_back({{1, lines, 0}, 0});
    head.checksums.resize(1);
    const std::vector<std::uint8_t> bytes = head.encode();
    const std::uint64_t file_bytes = bytes.size() + index_file_aligned(lines * sizeof(IndexLine));  // the right size
    return IndexFileHead::decode(bytes, file_bytes).has_value();
  };
  EXPECT_TRUE(decoded(2 * PositionIndex::page_lines));
  EXPECT_FALSE(decoded(2 * PositionIndex::page_lines - 1)) << "the other line of a digest may be behind the last one";
}

TEST(IndexFileHead, IsRefusedWhenWhatIsLeftToMoveWouldNeverBeMoved) {
  const auto refused = [](LogPosition left, std::size_t moved_per_entry) {
    IndexFileHead head;
    head.key.store_id = std::string(32, 'a');
    const IndexFileHead::Table table{{1, PositionIndex::page_lines, 0}, 0};
    head.tables = {table, table};
    head.checksums.resize(2);
    head.progress.left = left;
    head.progress.moved_per_entry = moved_per_entry;
    const std::vector<std::uint8_t> bytes = head.encode();
    const std::uint64_t table_bytes = PositionIndex::page_lines * sizeof(IndexLine);
    const auto decoded = IndexFileHead::decode(bytes, bytes.size() + 2 * table_bytes);
    return !decoded && decoded.error().message == "its head makes no sense";
  };
  EXPECT_FALSE(refused(5, 1));
  EXPECT_FALSE(refused(0, 0));
  EXPECT_TRUE(refused(5, 0));
  EXPECT_TRUE(refused(5, ~std::size_t{0})) << "more than all positions";
}

TEST_F(SavedIndexFile, OfAnyOtherLengthItIsIgnored) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  const fs::path saved = directory_.path() / "saved";
  fs::copy(options_.directory, saved, fs::copy_options::recursive);
  const std::string content = content_of(file());
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, std::size_t{4096},
                                 content.size() / 2, content.size() - 1, content.size() + 1, content.size() + 4096}) {
    SCOPED_TRACE(size);
    fs::remove_all(options_.directory);
    fs::copy(saved, options_.directory, fs::copy_options::recursive);
    std::string other = content;
    other.resize(size);
    write_file(file(), other);
    ASSERT_NO_FATAL_FAILURE(expect_ignored(""));
  }
}

TEST_F(SavedIndexFile, OneFromBeforeALaterRunIsIgnored) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  const std::string old = content_of(file());
  {
    const auto store = open_and_check("snapshot");
    ASSERT_NO_FATAL_FAILURE(add(*store, keys, 10));
  }
  write_file(file(), old);
  expect_ignored("the store was written to since", keys + 10);
}

TEST_F(SavedIndexFile, OneFromBeforeAnyWriteOfAnotherProgramIsIgnored) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  {
    // A program that does not know the file: it changes a record and keeps the owner, even.
    auto env = Env::open({.directory = options_.directory, .databases = Tables::names()});
    ASSERT_TRUE(succeeded(env));
    const Tables tables = Tables::of(**env).value();
    auto txn = Txn::begin(**env, Txn::Mode::write);
    ASSERT_TRUE(succeeded(write_text(*txn, tables, TextKind::note, "greeting", "hello")));
    ASSERT_TRUE(succeeded(txn->commit()));
  }
  expect_ignored("the store was written to since");
}

TEST_F(SavedIndexFile, AnotherStoresIsIgnored) {
  OpenOptions other = options_;
  other.directory = directory_.path() / "other";
  ASSERT_NO_FATAL_FAILURE(make_saved(other));
  ASSERT_NO_FATAL_FAILURE(make_saved());
  fs::copy_file(other.directory / "index", file(), fs::copy_options::overwrite_existing);
  expect_ignored("it is that of another store");
}

TEST_F(SavedIndexFile, OfTwoCopiesThatWentTheirOwnWaysOneCannotUseTheOthers) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  OpenOptions copy = options_;
  copy.directory = directory_.path() / "copy";
  fs::copy(options_.directory, copy.directory, fs::copy_options::recursive);
  // The same number of writes in both, other keys.
  for (const auto& [options, first] : {std::pair(options_, keys), std::pair(copy, 10 * keys)}) {
    const auto store = open_or_fail(options);
    EXPECT_EQ(store->note("index"), "snapshot");
    ASSERT_NO_FATAL_FAILURE(add(*store, first, 100));
    ASSERT_NO_FATAL_FAILURE(stop(*store));
  }
  fs::copy_file(copy.directory / "index", file(), fs::copy_options::overwrite_existing);
  expect_ignored("the store was written to since", keys + 100);
}

TEST_F(SavedIndexFile, WithoutItTheLogIsRead) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  fs::remove(file());
  const auto store = open_and_check("read from");
  EXPECT_FALSE(says(store->open_report(), "is not used"));
}

TEST_F(SavedIndexFile, WithItADamagedRecordHeadStillStopsTheStart) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  std::string data = content_of(options_.directory / "data.mdb");
  const std::size_t record = data.find("FSRB");
  ASSERT_NE(record, std::string::npos);
  data[record + 4] = 9;
  write_file(options_.directory / "data.mdb", data);
  const auto store = SeenStore::open(options_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().exit, Exit::bad_data);
  EXPECT_TRUE(fs::exists(file())) << "a start that fails changes nothing";
}

TEST_F(SavedIndexFile, IsNotWrittenForAStoreThatWasNotClosedOrIsEmpty) {
  options_.durability = Durability::process_crash;
  const auto store = open_or_fail(options_);
  ASSERT_TRUE(succeeded(store->close_clean()));
  EXPECT_EQ(store->save_index(index_save_time), "index not saved: the store is empty");
  ASSERT_NO_FATAL_FAILURE(add(*store, 0, 10));
  EXPECT_EQ(store->save_index(index_save_time), "index not saved: the store has not been closed");
  EXPECT_FALSE(fs::exists(file()));
  ASSERT_NO_FATAL_FAILURE(stop(*store));
  EXPECT_TRUE(fs::exists(file()));
}

TEST_F(SavedIndexFile, IsGivenUpWhenThereIsNoTimeForItAndLeavesNothing) {
  {
    const auto store = open_or_fail(options_);
    ASSERT_NO_FATAL_FAILURE(add(*store, 0, 10));
    ASSERT_TRUE(succeeded(store->close_clean()));
    const std::string line = store->save_index(Millis{-1});
    EXPECT_TRUE(line.starts_with("index not saved")) << line;
    EXPECT_NE(line.find("too slow"), std::string::npos) << line;
    EXPECT_FALSE(fs::exists(file()));
    EXPECT_FALSE(fs::exists(options_.directory / "index.new"));
  }
  open_and_check("read from", 10);
}

TEST_F(SavedIndexFile, IsGivenUpWhereItCannotBeMade) {
  {
    const auto store = open_or_fail(options_);
    ASSERT_NO_FATAL_FAILURE(add(*store, 0, 10));
    ASSERT_TRUE(succeeded(store->close_clean()));
    fs::create_directory(options_.directory / "index.new");  // also root cannot open that for writing
    const std::string line = store->save_index(index_save_time);
    EXPECT_TRUE(line.starts_with("index not saved")) << line;
    EXPECT_NE(line.find("cannot make it"), std::string::npos) << line;
    fs::remove(options_.directory / "index.new");
  }
  open_and_check("read from", 10);
}

TEST_F(SavedIndexFile, AFileThatCannotBeRemovedStopsTheStartBeforeAnyWrite) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  const std::string before = content_of(options_.directory / "data.mdb");
  fs::create_directory(options_.directory / "index.new");  // unlink() does not remove it
  const auto store = SeenStore::open(options_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().exit, Exit::io);
  EXPECT_NE(store.error().message.find("index.new"), std::string::npos) << store.error().message;
  EXPECT_TRUE(content_of(options_.directory / "data.mdb") == before);
}

}  // namespace
}  // namespace firstseen::store::test
