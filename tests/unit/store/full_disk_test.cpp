#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <iostream>

#include "store/covered_window.h"
#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

/// Runs `body` in a child whose files may not grow beyond `limit_bytes`; true when it returned true.
template <class Body>
bool with_file_limit(rlim_t limit_bytes, Body body) {
  const pid_t child = fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{limit_bytes, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool expect(bool condition, const char* what) {
  if (!condition) std::cerr << "failed: " << what << '\n';
  return condition;
}

/// Fills the store until a batch does not fit on the "disk", then makes room and tries again.
bool fill_and_recover(const OpenOptions& options) {
  auto opened = SeenStore::open(options);
  if (!expect(opened.has_value(), "open")) return false;
  SeenStore& store = **opened;
  for (std::uint64_t batch = 0; batch < 1000; ++batch) {
    const auto start = static_cast<std::int64_t>(batch);
    const SourceRange range = range_of("t", 0, start, start + 1);
    for (std::uint64_t i = 0; i < 1000; ++i) store.stage(seen(batch * 1000 + i, 1000));
    const auto prepared = store.prepare({&range, 1}, never, true);
    if (prepared) continue;
    bool good = expect(prepared.error().action == Action::pause, "pause") &&
                expect(store.staged() == 1000, "still staged") &&
                expect(store.find(digest_of(batch * 1000), 1000)->staged, "still found as staged") &&
                expect(store.stats().live_entries == batch * 1000, "nothing changed") &&
                expect(store.partitions().at({"t", 0}).next_offset == start, "partitions unchanged");
    const rlimit roomy{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &roomy);
    return good && expect(store.prepare({&range, 1}, never, true).has_value(), "the same batch again") &&
           expect(store.stats().live_entries == (batch + 1) * 1000, "and it counts");
  }
  return expect(false, "the limit was never met");
}

TEST(FullDisk, APrepareThatFailsChangesNothingAndTheSameBatchSucceedsLater) {
  for (const Durability durability : {Durability::power_loss, Durability::process_crash}) {
    const TemporaryDirectory directory;
    auto options = options_for(directory.path());
    options.durability = durability;
    EXPECT_TRUE(with_file_limit(600UL * 1024, [&] { return fill_and_recover(options); }));
    const auto sound = verify(directory.path());
    if (durability == Durability::process_crash) continue;  // its mark names a boot that never was
    ASSERT_TRUE(succeeded(sound));
    EXPECT_TRUE(sound->problems.empty());
  }
}

TEST(FullDisk, AVerifiedCopyThatDoesNotFitLeavesTheOldFilesAndFails) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.durability = Durability::process_crash;
  {
    const auto store = open_or_fail(options);
    const SourceRange range = range_of("t", 0, 0, 1);
    for (std::uint64_t i = 0; i < 20000; ++i) store->stage(seen(i, 1000));
    ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
  }
  options.boot_id = "boot-2";
  EXPECT_TRUE(with_file_limit(100UL * 1024, [&] { return expect(!SeenStore::open(options), "open must fail"); }));
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->stats().live_entries, 20000U);
}

TEST(FailedFileSystem, IsWaitedForAndSaysWhatToDo) {
  for (const int code : {EROFS, EIO}) {
    const Error error = lmdb_error(code, "commit", "/var/lib/firstseen/slot-0");
    EXPECT_EQ(error.action, Action::pause) << error.message;
    EXPECT_EQ(error.exit, Exit::io) << error.message;
    for (const char* said :
         {"/var/lib/firstseen/slot-0", "the kernel log", "stop this process", "nothing was changed"}) {
      EXPECT_NE(error.message.find(said), std::string::npos) << error.message;
    }
  }
}

TEST(FullMap, ABatchLargerThanMaxSizePausesAndSaysWhatToChange) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.max_size_bytes = 128UL * 1024;
  const auto store = open_or_fail(options);
  const SourceRange range = range_of("t", 0, 0, 1);
  for (std::uint64_t i = 0; i < 20000; ++i) store->stage(seen(i, 1000));
  const auto prepared = store->prepare({&range, 1}, never, true);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().action, Action::pause);
  EXPECT_NE(prepared.error().message.find("store.max_size"), std::string::npos);
  EXPECT_EQ(store->staged(), 20000U);
  store->drop_staged();
  EXPECT_FALSE(store->find(digest_of(1), 1000));
  store->stage(seen(1, 1000));
  EXPECT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
}

TEST(FullMap, AtMaxSizeTheOldestGoAndTheFileStaysBounded) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.max_size_bytes = 1U << 20U;
  options.ttl = Millis{1'000'000};
  const auto store = open_or_fail(options);
  for (std::uint64_t batch = 0; batch < 600; ++batch) {
    const auto start = static_cast<std::int64_t>(batch);
    const SourceRange range = range_of("t", 0, start, start + 1, start);
    const std::uint64_t size = 100 + batch * 7919 % 3000;
    for (std::uint64_t i = 0; i < size; ++i) store->stage(seen(batch * 10000 + i, start));
    ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
    ASSERT_TRUE(store->find(digest_of(batch * 10000), start));
    ASSERT_LE(store->stats().used_bytes, options.max_size_bytes);
  }
  const Stats stats = store->stats();
  EXPECT_GT(stats.evicted_entries, 0U);
  EXPECT_EQ(stats.evicted_before_ms, stats.oldest_time_ms - 1) << "one batch per millisecond";
  EXPECT_LE(stats.file_bytes, options.max_size_bytes + options.max_size_bytes / 8 + (8U << 20U));
  EXPECT_FALSE(store->find(digest_of(0), 0));
  for (const std::int64_t age : {0, 5, 999'999}) {
    EXPECT_EQ(*covered_window(directory.path(), stats.evicted_before_ms + age), Millis{age});
  }
  EXPECT_EQ(*covered_window(directory.path(), stats.evicted_before_ms + 2'000'000), options.ttl);
}

TEST(FullMap, AWindowThatLostNothingIsCoveredWhateverTheTime) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.ttl = Millis{1000};
  const auto store = open_or_fail(options);
  for (const std::int64_t now_ms : {0, 5, 1'000'000}) {
    EXPECT_EQ(*covered_window(directory.path(), now_ms), Millis{1000});
  }
  EXPECT_FALSE(covered_window(directory.path() / "absent", 0));
}

TEST(FullMap, AReaderThatHoldsAnOldSnapshotIsNamedAndNothingIsEvictedForIt) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.max_size_bytes = 1U << 20U;
  const auto store = open_or_fail(options);
  auto env = Env::share({.directory = directory.path(), .databases = {}});
  auto reader = Txn::begin(**env, Txn::Mode::read);
  std::string message;
  for (std::uint64_t batch = 0; batch < 5000 && message.empty(); ++batch) {
    const auto start = static_cast<std::int64_t>(batch);
    const SourceRange range = range_of("t", 0, start, start + 1, start);
    for (std::uint64_t i = 0; i < 1000; ++i) store->stage(seen(batch * 1000 + i, start));
    const auto prepared = store->prepare({&range, 1}, start - 5, true);
    if (!prepared) message = prepared.error().message;
  }
  EXPECT_NE(message.find("process " + std::to_string(getpid())), std::string::npos) << message;
  EXPECT_EQ(store->stats().evicted_entries, 0U);
  {
    const Txn ended = std::move(*reader);
  }
  const SourceRange range = range_of("t", 0, 9999, 10000, 9999);
  EXPECT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
}

}  // namespace
}  // namespace firstseen::store::test
