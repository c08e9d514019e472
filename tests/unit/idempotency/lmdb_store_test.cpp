// What is special about the durable store: it lasts, it is shared, and it keeps its hands off other directories.
#include <algorithm>
#include <fstream>
#include <thread>
#include <vector>

#include "store/lmdb.h"
#include "store/seen_store.h"
#include "support.h"

namespace firstseen::idempotency::test {
namespace {

namespace fs = std::filesystem;
using firstseen::test::memory_directory;
using firstseen::test::TemporaryDirectory;

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Opening must fail as a matter of configuration, say why, and leave every file as it was.
void expect_refused(const fs::path& directory, const std::string& why) {
  const auto before = names_in(directory);
  const auto opened = open_lmdb_store({.directory = directory, .max_size_bytes = 1ULL << 20U});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().exit, Exit::config);
  EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error().message;
  EXPECT_EQ(names_in(directory), before);
}

class LmdbStore : public testing::Test {
 protected:
  ManualClock clock_;
  TemporaryDirectory directory_{memory_directory()};
};

TEST_F(LmdbStore, KeepsRecordsCountsAndTokensWhenItIsOpenedAgain) {
  std::uint64_t token = 0;
  {
    const auto store = open_or_fail(directory_.path(), clock_);
    token = store->put_if_new(attempt("a", clock_), "payload")->record.token;
    ASSERT_TRUE(*store->get(key("a")));
  }
  const auto store = open_or_fail(directory_.path(), clock_);
  EXPECT_EQ((*store->peek(key("a")))->access_count, 1U);
  EXPECT_EQ(*store->payload(key("a")), "payload");
  EXPECT_EQ(store->stats()->hits, 1U);
  EXPECT_GT(store->put_if_new(attempt("b", clock_), {})->record.token, token);
}

TEST_F(LmdbStore, MayBeOpenSeveralTimesInAProcess) {
  std::vector<std::thread> opening;
  std::atomic<int> winners = 0;
  constexpr int openers = 8;
  opening.reserve(openers);
  for (int i = 0; i < openers; ++i) {
    opening.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        const auto store = open_or_fail(directory_.path(), clock_);
        const auto put = store->put_if_new(attempt(std::to_string(round), clock_), {});
        winners += put && put->is_new ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : opening) thread.join();
  EXPECT_EQ(winners, 10);
}

TEST_F(LmdbStore, IsMadeOnlyWhenAskedAndNeverItsParents) {
  const auto missing = open_lmdb_store({.directory = directory_.path() / "x", .must_exist = true});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().exit, Exit::config);
  EXPECT_FALSE(open_lmdb_store({.directory = directory_.path(), .must_exist = true}));
  EXPECT_FALSE(open_lmdb_store({.directory = directory_.path() / "x/y"}));
  EXPECT_TRUE(names_in(directory_.path()).empty());
  EXPECT_FALSE(looks_like_lmdb_store(directory_.path()));
  EXPECT_TRUE(succeeded(open_lmdb_store({.directory = directory_.path() / "x", .max_size_bytes = 1ULL << 20U})));
  EXPECT_TRUE(looks_like_lmdb_store(directory_.path() / "x"));
  EXPECT_EQ(fs::status(directory_.path() / "x").permissions(), fs::perms::owner_all);
}

TEST_F(LmdbStore, RefusesAStoreOfSeenKeys) {
  store::OpenOptions options;
  options.directory = directory_.path() / "slot-0";
  options.max_size_bytes = 16ULL << 20U;
  options.ttl = Millis{1000};
  options.boot_id = "boot";
  auto seen = store::SeenStore::open(options);
  ASSERT_TRUE(succeeded(seen));
  ASSERT_TRUE(succeeded((*seen)->close_clean()));
  seen->reset();
  expect_refused(directory_.path(), "store of seen keys");
  expect_refused(directory_.path() / "slot-0", "it holds a file");
}

TEST_F(LmdbStore, RefusesForeignFiles) {
  std::ofstream(directory_.path() / "notes.txt") << "mine";
  expect_refused(directory_.path(), "notes.txt");
}

TEST_F(LmdbStore, IsRefusedByAStoreOfSeenKeys) {
  open_or_fail(directory_.path(), clock_);
  store::OpenOptions options;
  options.directory = directory_.path();
  options.max_size_bytes = 16ULL << 20U;
  options.boot_id = "boot";
  const auto seen = store::SeenStore::open(options);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().exit, Exit::config);
}

TEST_F(LmdbStore, RefusesWhatIsNoLmdbFileOrAnotherProgramsOne) {
  std::ofstream(directory_.path() / "data.mdb") << std::string(8192, 'x');
  const auto garbage = open_lmdb_store({.directory = directory_.path()});
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().exit, Exit::config);

  const TemporaryDirectory other(memory_directory());
  {
    auto env = store::Env::open({.directory = other.path(), .map_bytes = 1ULL << 20U, .databases = {}});
    const std::vector<store::DatabaseName> names = {{"theirs", 0}};
    ASSERT_TRUE(succeeded((*env)->create_databases(names)));
  }
  const auto foreign = open_lmdb_store({.directory = other.path()});
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().message.find("another program"), std::string::npos) << foreign.error().message;
}

TEST_F(LmdbStore, RefusesANewerFormat) {
  open_or_fail(directory_.path(), clock_);
  {
    auto env = store::Env::open({.directory = directory_.path(), .databases = {{"meta", 0}}});
    ASSERT_TRUE(succeeded(env));
    auto txn = store::Txn::begin(**env, store::Txn::Mode::write);
    const std::array<std::uint8_t, 8> two = {2};
    ASSERT_TRUE(succeeded(txn->put(*(*env)->database("meta"), store::bytes_of("format"), two)));
    ASSERT_TRUE(succeeded(txn->commit()));
  }
  const auto newer = open_lmdb_store({.directory = directory_.path()});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().exit, Exit::config);
  EXPECT_NE(newer.error().message.find("format 2"), std::string::npos) << newer.error().message;
}

TEST_F(LmdbStore, FinishesMakingAStoreThatACrashCutOff) {
  {
    auto env = store::Env::open({.directory = directory_.path(), .map_bytes = 1ULL << 20U, .databases = {}});
    const std::vector<store::DatabaseName> names = {{"meta", 0}, {"records", 0}, {"values", 0}, {"payloads", 0}};
    ASSERT_TRUE(succeeded((*env)->create_databases(names)));
  }
  EXPECT_TRUE(open_or_fail(directory_.path(), clock_));
}

TEST_F(LmdbStore, WhenFullSaysSoLosesNothingAndGoesOnAfterASweep) {
  auto store = open_lmdb_store({.directory = directory_.path(), .max_size_bytes = 1ULL << 20U, .clock = &clock_});
  ASSERT_TRUE(succeeded(store));
  // Large ones, and then small ones, so that nothing is left over at the end.
  const std::string large(100'000, 'p');
  int kept = 0;
  for (const std::string& payload : {large, std::string(10'000, 'p'), std::string(2000, 'p')}) {
    std::optional<Error> full;
    while (!full && kept < 1000) {
      const auto put = (*store)->put_if_new(ended(std::to_string(kept), clock_), payload);
      if (put) {
        ++kept;
      } else {
        full = put.error();
      }
    }
    ASSERT_TRUE(full);
    EXPECT_EQ(full->action, Action::pause);
    EXPECT_NE(full->message.find("is full"), std::string::npos) << full->message;
  }
  for (int i = 0; i < kept; ++i) EXPECT_TRUE(*(*store)->peek(key(std::to_string(i)))) << i;
  clock_.advance(Millis{60'000});
  const auto swept = (*store)->sweep();
  ASSERT_TRUE(succeeded(swept));
  EXPECT_EQ(*swept, static_cast<std::uint64_t>(kept));
  for (const char* name : {"again", "and again"}) {
    const auto put = (*store)->put_if_new(attempt(name, clock_), large);
    ASSERT_TRUE(succeeded(put));
    EXPECT_TRUE(put->is_new);
  }
}

TEST_F(LmdbStore, KeepsTheSizeItWasMadeWith) {
  {
    ASSERT_TRUE(open_lmdb_store({.directory = directory_.path(), .max_size_bytes = 1ULL << 20U}));
  }
  const auto store = open_lmdb_store({.directory = directory_.path(), .max_size_bytes = 1ULL << 30U, .clock = &clock_});
  EXPECT_FALSE((*store)->put_if_new(attempt("a", clock_), std::string(2U << 20U, 'p')));
}

TEST_F(LmdbStore, ADamagedRecordIsNamedAndCanBeErased) {
  {
    const auto store = open_or_fail(directory_.path(), clock_);
    ASSERT_TRUE(store->put_if_new(attempt("bad", clock_), {})->is_new);
  }
  {
    auto env = store::Env::open({.directory = directory_.path(), .databases = {{"records", 0}}});
    auto txn = store::Txn::begin(**env, store::Txn::Mode::write);
    ASSERT_TRUE(succeeded(txn->put(*(*env)->database("records"), store::bytes_of("bad"), store::bytes_of("x"))));
    ASSERT_TRUE(succeeded(txn->commit()));
  }
  const auto store = open_or_fail(directory_.path(), clock_);
  const auto read = store->get(key("bad"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().exit, Exit::bad_data);
  EXPECT_TRUE(*store->erase(key("bad")));
  EXPECT_TRUE(store->put_if_new(attempt("bad", clock_), {})->is_new);
}

TEST_F(LmdbStore, TheFilesOfDeadOwnersGoWithTheSweep) {
  const auto store = open_or_fail(directory_.path(), clock_);
  const auto living = store->enlist();
  std::ofstream left(directory_.path() / "owners" / std::string(32, 'a'));  // as a killed process leaves it
  left.close();
  EXPECT_FALSE(store->alive(std::string(32, 'a')));
  ASSERT_TRUE(succeeded(store->sweep()));
  EXPECT_FALSE(fs::exists(directory_.path() / "owners" / std::string(32, 'a')));
  EXPECT_TRUE(store->alive((*living)->id()));
}

}  // namespace
}  // namespace firstseen::idempotency::test
