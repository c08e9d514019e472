#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <set>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

Error error_of_open(const OpenOptions& options) {
  auto store = SeenStore::open(options);
  EXPECT_FALSE(store);
  return store ? Error{} : store.error();
}

TEST(OpenStore, ADirectoryWithForeignFilesIsRefusedAndLeftAsItIs) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "holiday.jpg", "not ours");
  const auto before = contents_of(directory.path());
  const Error error = error_of_open(options_for(directory.path()));
  EXPECT_EQ(error.exit, Exit::config);
  EXPECT_NE(error.message.find("holiday.jpg"), std::string::npos) << error.message;
  EXPECT_TRUE(contents_of(directory.path()) == before);
}

TEST(OpenStore, ADataFileThatIsNotLmdbIsRefusedAndLeftAsItIs) {
  for (const std::string& content : {std::string("short"), std::string(8192, 'x')}) {
    const TemporaryDirectory directory;
    write_file(directory.path() / "data.mdb", content);
    const auto before = contents_of(directory.path());
    EXPECT_EQ(error_of_open(options_for(directory.path())).exit, Exit::config);
    EXPECT_TRUE(contents_of(directory.path()) == before);
  }
}

TEST(OpenStore, AnotherProgramsLmdbEnvironmentIsRefusedAndLeftAsItIs) {
  const TemporaryDirectory directory;
  {
    const std::vector<DatabaseName> theirs = {{"theirs", 0}};
    auto env = Env::open({.directory = directory.path(), .map_bytes = 1U << 20U, .databases = {}});
    ASSERT_TRUE(succeeded(env));
    ASSERT_TRUE(succeeded((*env)->create_databases(theirs)));
  }
  fs::remove(directory.path() / "lock.mdb");
  const auto before = contents_of(directory.path());
  EXPECT_EQ(error_of_open(options_for(directory.path())).exit, Exit::config);
  EXPECT_TRUE(contents_of(directory.path()) == before);
}

/// Changes bytes of the head of data.mdb in a copy of a good store.
void patch_head(const fs::path& directory, std::size_t at, const std::vector<std::uint8_t>& bytes) {
  std::fstream file(directory / "data.mdb", std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

TEST(OpenStore, OtherByteOrderPageSizeAndLmdbVersionAreRefusedByName) {
  struct Case {
    std::size_t at;
    std::vector<std::uint8_t> bytes;
    const char* expected;
  };
  const std::vector<Case> cases = {{16, {0xBE, 0xEF, 0xC0, 0xDE}, "byte order"},
                                   {20, {2, 0, 0, 0}, "data version 2"},
                                   {40, {0, 0x40, 0, 0}, "pages of 16384 bytes"}};
  for (const Case& c : cases) {
    const TemporaryDirectory directory;
    {
      ASSERT_TRUE(open_or_fail(options_for(directory.path())));
    }
    patch_head(directory.path(), c.at, c.bytes);
    const auto before = contents_of(directory.path());
    const Error error = error_of_open(options_for(directory.path()));
    EXPECT_EQ(error.exit, Exit::config);
    EXPECT_NE(error.message.find(c.expected), std::string::npos) << error.message;
    EXPECT_TRUE(contents_of(directory.path()) == before);
  }
}

TEST(OpenStore, ANewerFormatIsRefusedAndTheStoreIsNotChanged) {
  const TemporaryDirectory directory;
  {
    ASSERT_TRUE(open_or_fail(options_for(directory.path())));
  }
  give_newer_format(directory.path());
  const std::string before = contents_of(directory.path()).at("data.mdb");
  const Error error = error_of_open(options_for(directory.path()));
  EXPECT_EQ(error.exit, Exit::config);
  EXPECT_NE(error.message.find("format 3"), std::string::npos) << error.message;
  EXPECT_TRUE(contents_of(directory.path()).at("data.mdb") == before);
}

TEST(OpenStore, AStoreHeldByAnotherProcessIsRefusedWithItsProcessId) {
  const TemporaryDirectory directory;
  std::array<int, 2> ready{};
  std::array<int, 2> finish{};
  ASSERT_EQ(pipe(ready.data()), 0);
  ASSERT_EQ(pipe(finish.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(finish[1]);
    const auto store = SeenStore::open(options_for(directory.path()));
    char byte = store ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(2);
    _exit(read(finish[0], &byte, 1) == 0 ? 0 : 1);  // until the parent closes its end
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const Error error = error_of_open(options_for(directory.path()));
  EXPECT_EQ(error.exit, Exit::try_again);
  EXPECT_NE(error.message.find("pid " + std::to_string(child)), std::string::npos) << error.message;
  close(finish[1]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (const int fd : {ready[0], ready[1], finish[0]}) close(fd);
  EXPECT_TRUE(open_or_fail(options_for(directory.path())));
}

TEST(OpenStore, AStoreThatThisProcessHoldsIsNotOpenedTwice) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  EXPECT_EQ(error_of_open(options_for(directory.path())).exit, Exit::try_again);
}

TEST(OpenStore, ADirectoryThatCannotBeMadeIsAnIoErrorThatNamesIt) {
  auto options = options_for("/proc/no-such-place/store");
  const Error error = error_of_open(options);
  EXPECT_EQ(error.exit, Exit::io);
  EXPECT_NE(error.message.find("/proc/no-such-place/store"), std::string::npos);
}

/// What `work` returns in a child process to which the permissions of files apply even if this is root's.
int status_without_privileges(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    const bool dropped = geteuid() != 0 || (setgroups(0, nullptr) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
                                            setresuid(nobody, nobody, nobody) == 0);
    _exit(dropped ? work() : 255);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(OpenStore, ADirectoryWithoutWritePermissionIsAnIoErrorThatSaysWhatToCheck) {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(),
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const int status = status_without_privileges([&] {
    const auto store = SeenStore::open(options_for(directory.path()));
    if (store) return 1;
    const std::string& text = store.error().message;
    const bool told = text.find(directory.path()) != std::string::npos && text.find("permissions") != std::string::npos;
    if (!told) std::cerr << text << "\n";
    return told ? static_cast<int>(store.error().exit) : 2;
  });
  if (status == 255) GTEST_SKIP() << "this process cannot become another user";
  EXPECT_EQ(status, static_cast<int>(Exit::io));
  EXPECT_TRUE(contents_of(directory.path()).empty());
}

TEST(OpenStore, BelowADirectoryThatMayNotBeEnteredIsAnIoErrorThatSaysWhatToDo) {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms::none);
  const int status = status_without_privileges([&] {
    const auto store = SeenStore::open(options_for(directory.path() / "state"));
    if (store) return 1;
    const std::string& text = store.error().message;
    const bool told = text.find(directory.path() / "state") != std::string::npos &&
                      text.find("Permission denied; make it beforehand") != std::string::npos;
    if (!told) std::cerr << text << "\n";
    return told ? static_cast<int>(store.error().exit) : 2;
  });
  fs::permissions(directory.path(), fs::perms::owner_all);
  if (status == 255) GTEST_SKIP() << "this process cannot become another user";
  EXPECT_EQ(status, static_cast<int>(Exit::io));
}

TEST(OpenStore, BehindALinkToItselfIsAnIoErrorThatNamesIt) {
  const TemporaryDirectory directory;
  const fs::path loop = directory.path() / "loop";
  fs::create_directory_symlink(loop, loop);
  const Error error = error_of_open(options_for(loop / "slot-0"));
  EXPECT_EQ(error.exit, Exit::io);
  EXPECT_NE(error.message.find(loop), std::string::npos) << error.message;
}

TEST(OpenStore, AnInterruptedFirstStartIsCompleted) {
  const TemporaryDirectory directory;
  {
    auto env = Env::open({.directory = directory.path(), .map_bytes = 1U << 20U, .databases = {}});
    ASSERT_TRUE(succeeded(env));
    ASSERT_TRUE(succeeded((*env)->create_databases(Tables::names())));
  }
  EXPECT_TRUE(open_or_fail(options_for(directory.path())));
}

TEST(OpenStore, TwoCopiesOfOneStoreNeverMakeTheSameBatchId) {
  const TemporaryDirectory directory;
  const fs::path original = directory.path() / "a";
  const fs::path copy = directory.path() / "b";
  {
    const auto store = open_or_fail(options_for(original));
    ASSERT_TRUE(succeeded(store->close_clean()));
  }
  fs::copy(original, copy, fs::copy_options::recursive);
  const auto first = open_or_fail(options_for(original));
  const auto second = open_or_fail(options_for(copy));
  EXPECT_EQ(first->id(), second->id());
  EXPECT_EQ(first->next_batch().sequence, second->next_batch().sequence);
  EXPECT_NE(first->next_batch().owner, second->next_batch().owner);
}

TEST(OpenStore, AProcessWhoseStoreWasTakenOverWritesNothingMore) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  const auto store = open_or_fail(options);
  // The other process: it has got past the lock (another host's lock is not seen through some network file systems).
  {
    auto env = Env::share({.directory = directory.path(), .databases = Tables::names()});
    const Tables tables = Tables::of(**env).value();
    auto txn = Txn::begin(**env, Txn::Mode::write);
    Identity identity = read_identity(*txn, tables).value();
    identity.owner += 1;
    ASSERT_TRUE(succeeded(write_identity(*txn, tables, identity)));
    ASSERT_TRUE(succeeded(txn->commit()));
  }
  store->stage(seen(1, 100));
  const SourceRange range = range_of("t", 0, 0, 1);
  const auto prepared = store->prepare({&range, 1}, never, false);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().action, Action::stop);
  EXPECT_NE(prepared.error().message.find("another process has taken over"), std::string::npos);
  EXPECT_EQ(inspect(directory.path())->stats.live_records, 0U);
}

/// A store that never held one belongs to nobody.
void hold_a_batch(SeenStore& store) {
  store.stage(seen(1, 100));
  const SourceRange range = range_of("t", 0, 0, 1);
  ASSERT_TRUE(succeeded(store.prepare({&range, 1}, never, true)));
}

TEST(OpenStore, ThatBelongsToSomebodyElseIsRefusedWithoutChangingAFile) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.pins = {{"group", "ours"}};
  {
    const auto store = open_or_fail(options);
    hold_a_batch(*store);
    ASSERT_TRUE(succeeded(store->close_clean()));
    ASSERT_TRUE(store->save_index(index_save_time).starts_with("index saved"));
  }
  const auto before = contents_of(directory.path());
  options.pins = {{"group", "theirs"}};
  options.max_size_bytes = 16U << 20U;
  options.ttl = Millis{1};
  options.durability = Durability::process_crash;
  const auto refused = SeenStore::open(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_NE(refused.error().message.find("group: the store has 'ours', now it is 'theirs'"), std::string::npos);
  const auto after = contents_of(directory.path());
  for (const auto& [name, content] : before) {
    if (name == "lock.mdb") continue;  // LMDB's table of readers
    ASSERT_TRUE(after.contains(name)) << name;
    EXPECT_EQ(after.at(name).size(), content.size()) << name;
    EXPECT_TRUE(after.at(name) == content) << name;
  }
  EXPECT_EQ(after.size(), before.size());
}

TEST(OpenStore, ThatNeverHeldABatchTakesANewWorld) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.pins = {{"output", "misspelt"}};
  open_or_fail(options);
  options.pins = {{"output", "right"}};
  EXPECT_EQ(open_or_fail(options)->pinned("output"), "right");
}

TEST(OpenStore, PinsAreKeptAndADifferenceIsNamedOldAndNew) {
  const TemporaryDirectory directory;
  const auto options = options_for(directory.path());
  const std::array<Pin, 2> pins = {Pin{"key", "sha256 of payload:/id"}, Pin{"cluster", "c1"}};
  {
    const auto store = open_or_fail(options);
    ASSERT_TRUE(succeeded(store->pin(pins)));
    ASSERT_TRUE(succeeded(store->set_note("instance", "host-1")));
    hold_a_batch(*store);
  }
  const auto store = open_or_fail(options);
  EXPECT_EQ(store->pinned("cluster"), "c1");
  EXPECT_EQ(store->note("instance"), "host-1");
  EXPECT_TRUE(succeeded(store->pin(pins)));
  const std::array<Pin, 3> other = {Pin{"key", "sha256 of record_key"}, Pin{"cluster", "c2"}, Pin{"group", "g"}};
  const auto pinned = store->pin(other);
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().exit, Exit::config);
  for (const char* part : {"payload:/id", "record_key", "c1", "c2", "store.path"}) {
    EXPECT_NE(pinned.error().message.find(part), std::string::npos) << part;
  }
  EXPECT_FALSE(store->pinned("group")) << "nothing is pinned when something differs";
}

TEST(OpenStore, ADifferenceOfAPinNamesWhatIsShownForTheNewValue) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  const Pin first{"key", "digest one", "shown one"};
  ASSERT_TRUE(succeeded(store->pin({&first, 1})));
  EXPECT_EQ(store->pinned("key"), "digest one");
  hold_a_batch(*store);
  const Pin renamed{"key", "digest one", "shown otherwise"};
  EXPECT_TRUE(succeeded(store->pin({&renamed, 1}))) << "only the value counts";
  const Pin other{"key", "digest two", "shown two"};
  const auto pinned = store->pin({&other, 1});
  ASSERT_FALSE(pinned);
  EXPECT_NE(pinned.error().message.find("'digest one', now it is 'shown two'"), std::string::npos)
      << pinned.error().message;
  EXPECT_EQ(pinned.error().message.find("digest two"), std::string::npos);
}

}  // namespace
}  // namespace firstseen::store::test
