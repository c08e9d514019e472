#include "store/cut_file.h"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "store/hot_copy.h"
#include "unit/store/crashed_store.h"
#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t page = 4096;

/// What `work` makes of it in a child process: LMDB's look at a page that is missing would end this one.
enum class Came : int { fine = 10, told_damage = 11, told_another_error = 12, died = 13 };

template <class T>
Came class_of(const Result<T>& result) {
  if (result) return Came::fine;
  return result.error().exit == Exit::bad_data ? Came::told_damage : Came::told_another_error;
}

Came in_child(const std::function<Came()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(static_cast<int>(work()));
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? static_cast<Came>(WEXITSTATUS(status)) : Came::died;
}

/// A clean store whose file ends with pages in use: the last batch stands there.
OpenOptions filled_store(const fs::path& directory) {
  auto options = options_for(directory);
  const auto store = open_or_fail(options);
  for (int i = 0; i < 6; ++i) {
    const std::int64_t start = 1000L * i;
    const std::array ranges = {range_of("t", 0, start, start + 1000, 1)};
    for (std::uint64_t k = 0; k < 1000; ++k) store->stage(seen(static_cast<std::uint64_t>(start) + k, 1, start));
    EXPECT_TRUE(succeeded(store->prepare(ranges, never, true)));
  }
  EXPECT_TRUE(succeeded(store->close_clean()));
  return options;
}

/// Reads and checks all that there is, and writes.
Came use_all_of(const OpenOptions& options) {
  const auto found = verify(options.directory);
  if (!found) return class_of(found);
  if (!found->problems.empty()) return Came::told_damage;
  auto opened = SeenStore::open(options);
  if (!opened) return class_of(opened);
  (*opened)->stage(seen(1'000'000, 2));
  const SourceRange range = range_of("t", 0, 6000, 6001, 2);
  return class_of((*opened)->prepare({&range, 1}, never, true));
}

TEST(CutFile, OfAnyLengthIsToldAsDamageOrIsSoundAndKillsNobody) {
  const TemporaryDirectory directory;
  const auto whole = filled_store(directory.path() / "whole");
  const auto bytes = fs::file_size(whole.directory / "data.mdb");
  ASSERT_GT(bytes, 20 * page);
  for (std::uintmax_t left = 1; left < bytes; left += left < 3 * page ? page / 4 : 3 * page / 2) {
    SCOPED_TRACE(left);
    auto options = whole;
    options.directory = directory.path() / "cut";
    fs::remove_all(options.directory);
    fs::copy(whole.directory, options.directory);
    fs::resize_file(options.directory / "data.mdb", left);
    const Came came = in_child([&] { return use_all_of(options); });
    if (left < 64) {
      EXPECT_EQ(came, Came::told_another_error) << "not even a head";
    } else if (left <= bytes / 2) {
      EXPECT_EQ(came, Came::told_damage);
    } else {
      EXPECT_TRUE(came == Came::told_damage || came == Came::fine) << static_cast<int>(came);
    }
  }
}

TEST(CutFile, IsRefusedByEveryWayInWithWhereItEndsAndWhatToDo) {
  const TemporaryDirectory directory;
  const auto options = filled_store(directory.path() / "store");
  fs::resize_file(options.directory / "data.mdb", 5 * page);
  const auto before = contents_of(options.directory);
  const auto refuses = [&](const auto& result) {
    if (result) return testing::AssertionFailure() << "was opened";
    const std::string& text = result.error().message;
    for (const std::string& part :
         {options.directory.string(), std::string("data.mdb"), std::string("cut short"), std::string("20480 bytes"),
          std::string("backup"), std::string("store import"), std::string("delete")}) {
      if (text.find(part) == std::string::npos) return testing::AssertionFailure() << part << " is not in " << text;
    }
    return result.error().exit == Exit::bad_data ? testing::AssertionSuccess() : testing::AssertionFailure() << text;
  };
  EXPECT_TRUE(refuses(check_not_cut(options.directory)));
  EXPECT_TRUE(refuses(inspect(options.directory)));
  EXPECT_TRUE(refuses(verify(options.directory)));
  EXPECT_TRUE(refuses(lookup(options.directory, digest_of(1))));
  EXPECT_TRUE(refuses(hot_copy(options.directory, directory.path() / "copy", CopyLayout::compact)));
  EXPECT_TRUE(refuses(SeenStore::open(options)));
  EXPECT_TRUE(contents_of(options.directory).at("data.mdb") == before.at("data.mdb"));
  EXPECT_FALSE(fs::exists(directory.path() / "copy"));
}

TEST(CutFile, ThatLacksOnlyFreePagesIsUsedAsAWholeOne) {
  const TemporaryDirectory directory;
  const EnvOptions options{
      .directory = directory.path(), .map_bytes = 64U << 20U, .databases = {{"small"}, {"large", MDB_INTEGERKEY}}};
  const std::string text(100, 'x');
  std::uintmax_t in_use = 0;
  {
    const auto env = Env::open(options);
    ASSERT_TRUE(succeeded(env));
    ASSERT_TRUE(succeeded((*env)->create_databases(options.databases)));
    const auto change = [&](const std::function<Result<void>(Txn&)>& by) {
      auto txn = Txn::begin(**env, Txn::Mode::write);
      ASSERT_TRUE(succeeded(txn));
      ASSERT_TRUE(succeeded(by(*txn)));
      ASSERT_TRUE(succeeded(txn->commit()));
    };
    const Dbi small = *(*env)->database("small");
    const Dbi large = *(*env)->database("large");
    const std::uint64_t key = 1;
    change([&](Txn& txn) { return txn.put(small, bytes_of("a"), bytes_of(text)); });
    in_use = (*env)->file_bytes();
    change([&](Txn& txn) -> Result<void> {
      const auto room = txn.append(large, key, 100 * page);
      return room ? Result<void>() : forward(room.error());
    });
    change([&](Txn& txn) { return txn.erase(large, integer_key(key)); });
    for (const char* name : {"b", "c", "d", "e"}) {  // what is free is taken from the front
      change([&](Txn& txn) { return txn.put(small, bytes_of(name), bytes_of(text)); });
    }
  }
  const auto path = directory.path() / "data.mdb";
  const auto bytes = fs::file_size(path);
  ASSERT_GT(bytes, in_use + 80 * page);
  for (const std::uintmax_t lacking : {std::uintmax_t{1}, page, 2 * page + 1, 20 * page}) {
    fs::resize_file(path, bytes - lacking);
    EXPECT_TRUE(succeeded(check_not_cut(directory.path()))) << lacking;
  }
  const Came came = in_child([&] {
    const auto env = Env::open(options);
    if (!env) return class_of(env);
    auto txn = Txn::begin(**env, Txn::Mode::write);
    if (!txn) return class_of(txn);
    const auto found = txn->get(*(*env)->database("small"), bytes_of("a"));
    if (!found || !*found || text_of(**found) != text) return Came::told_another_error;
    const auto room = txn->append(*(*env)->database("large"), 2, 90 * page);
    return room ? class_of(txn->commit()) : class_of(room);
  });
  EXPECT_EQ(came, Came::fine);
}

TEST(CutFile, WhoseLastPageIsThereInPartLacksIt) {
  const TemporaryDirectory directory;
  const EnvOptions options{.directory = directory.path(), .map_bytes = 1U << 20U, .databases = {{"small"}}};
  {
    const auto env = Env::open(options);
    ASSERT_TRUE(succeeded(env));
    ASSERT_TRUE(succeeded((*env)->create_databases(options.databases)));
  }
  const auto path = directory.path() / "data.mdb";
  const auto bytes = fs::file_size(path);
  ASSERT_TRUE(succeeded(check_not_cut(directory.path())));
  fs::resize_file(path, bytes - 1);  // a mapping shows zeros there, and the first page's nodes stand at its end
  const auto checked = check_not_cut(directory.path());
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().exit, Exit::bad_data);
}

TEST(CutFile, OfAProcessCrashIsNotTakenForOneOfAPowerLoss) {
  const TemporaryDirectory directory;
  const auto options = crashed_store(directory.path(), 6);  // the mark is of this boot
  fs::resize_file(directory.path() / "data.mdb", 3 * page);
  EXPECT_EQ(in_child([&] { return class_of(SeenStore::open(options)); }), Came::told_damage);
}

TEST(CutFile, AfterPowerLossIsSalvagedAlsoWhereItCameWithoutItsLockFiles) {
  for (const std::uintmax_t pages : {3U, 8U, 12U}) {
    SCOPED_TRACE(pages);
    const TemporaryDirectory directory;
    auto options = crashed_store(directory.path(), 6);
    options.boot_id = "boot-2";
    fs::resize_file(directory.path() / "data.mdb", pages * page);
    fs::remove(directory.path() / "owner.lock");
    fs::remove(directory.path() / "lock.mdb");
    EXPECT_EQ(in_child([&] {
                const auto store = SeenStore::open(options);
                if (!store) return class_of(store);
                return says((*store)->open_report(), "the store was verified") ? Came::fine : Came::told_another_error;
              }),
              Came::fine);
  }
}

}  // namespace
}  // namespace firstseen::store::test
