// The index that a clean stop leaves: used when it fits exactly, and otherwise as if it were not there.

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <random>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t keys = 30'000;

class SavedIndexFile : public testing::Test {
 protected:
  SavedIndexFile() : options_(options_for(directory_.path() / "store")) {}

  [[nodiscard]] fs::path file() const { return options_.directory / "index"; }

  static void add(SeenStore& store, std::uint64_t first_key, std::uint64_t count, bool decided = true) {
    for (std::uint64_t i = 0; i < count; ++i) store.stage(seen(first_key + i, 100, static_cast<std::int64_t>(i)));
    const auto known = store.partitions().find({"t", 0});
    const std::int64_t start = known == store.partitions().end() ? 0 : known->second.next_offset;
    const SourceRange range = range_of("t", 0, start, start + static_cast<std::int64_t>(count));
    ASSERT_TRUE(succeeded(store.prepare({&range, 1}, never, decided)));
  }

  /// A store with keys 0 to `keys`, stopped cleanly with its index.
  void make_saved(const OpenOptions& options) {
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    for (std::uint64_t first = 0; first < keys; first += 1000) ASSERT_NO_FATAL_FAILURE(add(*store, first, 1000));
    ASSERT_NO_FATAL_FAILURE(stop(*store));
  }
  void make_saved() { ASSERT_NO_FATAL_FAILURE(make_saved(options_)); }

  static void stop(SeenStore& store) {
    ASSERT_TRUE(succeeded(store.close_clean()));
    const std::string line = store.save_index(index_save_time);
    ASSERT_TRUE(line.starts_with("index saved")) << line;
  }

  /// Opens the store; it must have come to its index in this way, and hold exactly keys 0 to `count`.
  std::unique_ptr<SeenStore> open_and_check(const std::string& origin, std::uint64_t count = keys) {
    auto store = open_or_fail(options_);
    if (!store) return store;
    EXPECT_TRUE(store->note("index")->starts_with(origin)) << *store->note("index");
    EXPECT_TRUE(says(store->open_report(), "index " + origin));
    EXPECT_FALSE(fs::exists(file())) << "an open store has changed already";
    EXPECT_EQ(store->stats().live_entries, count);
    for (std::uint64_t key = 0; key < count; ++key) {
      if (!store->find(digest_of(key), 100)) {
        ADD_FAILURE() << "key " << key << " is missing";
        break;
      }
    }
    for (std::uint64_t key = count; key < count + 1000; ++key) EXPECT_FALSE(store->find(digest_of(key), 100)) << key;
    return store;
  }

  static bool says(const std::vector<std::string>& report, const std::string& text) {
    return std::ranges::any_of(report, [&](const auto& line) { return line.find(text) != std::string::npos; });
  }
  void expect_ignored(const std::string& why, std::uint64_t count = keys) {
    const auto store = open_and_check("read from", count);
    ASSERT_TRUE(store);
    EXPECT_TRUE(says(store->open_report(), "is not used: ")) << why;
    EXPECT_TRUE(says(store->open_report(), why)) << testing::PrintToString(store->open_report());
  }

  static std::string content_of(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write_file(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }

  TemporaryDirectory directory_;
  OpenOptions options_;
};

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

/// Runs `body` in a child; true when it returned true.
template <class Body>
bool in_child(Body body, int* status = nullptr) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int ended = 0;
  waitpid(child, &ended, 0);
  if (status != nullptr) *status = ended;
  return WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
}

TEST_F(SavedIndexFile, IsGivenUpOnADiskWithLessThanTwiceItsSizeFree) {
  fs::create_directory(options_.directory);
  const bool can_mount = in_child([&] { return unshare(CLONE_NEWNS) == 0; });
  if (!can_mount) GTEST_SKIP() << "takes the right to mount";
  EXPECT_TRUE(in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    if (mount("none", options_.directory.c_str(), "tmpfs", 0, "size=1900k") != 0) return false;
    const auto store = open_or_fail(options_);
    add(*store, 0, 60'000);  // 1.1 MB of the log, 0.6 MB of index
    if (HasFatalFailure() || !store->close_clean()) return false;
    const std::string line = store->save_index(index_save_time);
    const bool given_up = line.starts_with("index not saved") && line.find("are free") != std::string::npos;
    if (!given_up) std::cerr << line << '\n';
    return given_up && !fs::exists(file());
  }));
}

TEST_F(SavedIndexFile, AKillWhileItIsWrittenLeavesAStoreThatReadsItsLog) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  const std::uintmax_t size = fs::file_size(file());
  for (const std::uintmax_t limit : {std::uintmax_t{1}, size / 2, size - 1}) {
    fs::remove_all(options_.directory);
    int status = 0;
    in_child(
        [&] {
          const auto store = open_or_fail(options_);
          for (std::uint64_t first = 0; first < keys; first += 1000) add(*store, first, 1000);
          if (HasFatalFailure() || !store->close_clean()) return false;
          const rlimit smaller{limit, RLIM_INFINITY};
          setrlimit(RLIMIT_FSIZE, &smaller);  // the kernel kills with SIGXFSZ at this byte of the file
          store->save_index(index_save_time);
          return false;
        },
        &status);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << limit;
    EXPECT_TRUE(fs::exists(options_.directory / "index.new"));
    open_and_check("read from");
    EXPECT_FALSE(fs::exists(options_.directory / "index.new"));
  }
}

TEST_F(SavedIndexFile, KillsAtAnyMomentBetweenStartAndStopNeverMakeAWrongOneBelieved) {
  std::mt19937_64 random(11);
  std::uint64_t known = 0;
  int snapshots = 0;
  for (int round = 0; round < 40 && !HasFailure(); ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      for (;;) {
        const auto opened = SeenStore::open(options_);
        if (!opened) _exit(3);
        SeenStore& store = **opened;
        const std::uint64_t count = store.stats().live_entries;
        for (std::uint64_t key = 0; key < count; ++key) {
          if (!store.find(digest_of(key), 100)) _exit(4);
        }
        add(store, count, 500);
        const std::array<std::uint64_t, 2> said = {count + 500, store.note("index") == "snapshot" ? 1U : 0U};
        if (write(ends[1], said.data(), sizeof said) != sizeof said) _exit(5);
        if (!store.close_clean()) _exit(6);
        store.save_index(index_save_time);
      }
    }
    close(ends[1]);
    std::array<std::uint64_t, 2> said{};
    for (std::uint64_t wanted = 1 + random() % 4; wanted != 0; --wanted) {
      ASSERT_EQ(read(ends[0], said.data(), sizeof said), static_cast<ssize_t>(sizeof said)) << "the child failed";
      known = said[0];
      snapshots += static_cast<int>(said[1]);
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    close(ends[0]);
    const auto store = open_or_fail(options_);
    ASSERT_TRUE(store);
    const std::uint64_t count = store->stats().live_entries;
    EXPECT_GE(count, known);
    for (std::uint64_t key = 0; key < count; ++key) ASSERT_TRUE(store->find(digest_of(key), 100)) << key;
  }
  EXPECT_GT(snapshots, 10);
}

}  // namespace
}  // namespace firstseen::store::test
