// What is on disk of a store or ledger that was made a moment ago, should the power go now: not only its files'
// contents, but their names, and those of the directories that were made for it.
#include <gtest/gtest.h>

#include "ingest/ledger.h"
#include "store/seen_store.h"
#include "support/synced_directories.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

namespace fs = std::filesystem;

/// From the one with the files up to the one that was there.
void expect_synced(fs::path directory, const fs::path& was_there) {
  const auto synced = synced_directories();
  for (; directory != was_there; directory = directory.parent_path()) {
    EXPECT_TRUE(synced.contains(directory)) << directory;
  }
  EXPECT_TRUE(synced.contains(was_there)) << was_there;
}

TEST(NewDirectories, OfALedgerAreOnDiskOnceItIsOpen) {
  const TemporaryDirectory directory;
  const fs::path home = fs::canonical(directory.path());
  const SystemClock clock;
  const auto ledger = ingest::Ledger::open(home / "made" / "too" / "ledger", clock);
  ASSERT_TRUE(ledger) << ledger.error().message;
  expect_synced(home / "made" / "too" / "ledger" / "ledger", home);
}

TEST(NewDirectories, OfAStoreAreOnDiskOnceItIsOpen) {
  const TemporaryDirectory directory;
  const fs::path home = fs::canonical(directory.path());
  store::OpenOptions options;
  options.directory = home / "made" / "slot-0";
  options.max_size_bytes = 16ULL << 20U;
  options.ttl = Millis{1000};
  const auto store = store::SeenStore::open(options);
  ASSERT_TRUE(store) << store.error().message;
  expect_synced(options.directory, home);
}

TEST(NewDirectories, AreMadeWithoutSyncingWhatWasThere) {
  const TemporaryDirectory directory;
  const fs::path home = fs::canonical(directory.path());
  const SystemClock clock;
  fs::create_directories(home / "there");
  ASSERT_TRUE(ingest::Ledger::open(home / "there" / "ledger", clock));
  EXPECT_FALSE(synced_directories().contains(home)) << "it may be another's, and not readable";
}

}  // namespace
}  // namespace firstseen::test
