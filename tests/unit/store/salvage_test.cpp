// What the verification after power loss may do with a file that it cannot read: keep it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "unit/store/crashed_store.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

/// The files that a start which fails must leave as they are; LMDB's table of readers and the owner's id may change.
std::map<std::string, std::string> data_of(const fs::path& directory) {
  auto files = contents_of(directory);
  files.erase("lock.mdb");
  files.erase("owner.lock");
  return files;
}

/// The message of a start in a child process that may open only so many more files; nothing when it succeeds.
std::optional<std::string> error_with_open_files(const OpenOptions& options, rlim_t more) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "pipe";
  const pid_t child = fork();
  if (child == 0) {
    const int lowest_free = dup(ends[1]);
    close(lowest_free);
    const rlim_t most = static_cast<rlim_t>(lowest_free) + more;
    const rlimit limit{most, most};
    setrlimit(RLIMIT_NOFILE, &limit);
    const auto store = SeenStore::open(options);
    const std::string message = store ? "" : store.error().message;
    _exit(write(ends[1], message.data(), message.size()) < 0 ? 2 : (store ? 0 : 1));
  }
  close(ends[1]);
  std::array<char, 4096> buffer{};
  const ssize_t got = read(ends[0], buffer.data(), buffer.size());
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

TEST(Salvage, AStartThatCannotReadTheFileFailsAndChangesNothing) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 3);
  options.boot_id = "boot-2";
  const auto before = data_of(directory.path());
  bool met_in_child = false;
  rlim_t files = 0;
  for (; files < 100; ++files) {
    SCOPED_TRACE(files);
    const auto error = error_with_open_files(options, files);
    if (!error) break;
    met_in_child = met_in_child || error->find("cannot open the environment: Too many open files") != std::string::npos;
    ASSERT_TRUE(data_of(directory.path()) == before) << *error;
  }
  EXPECT_LT(files, 100U) << "some number of files is enough";
  EXPECT_TRUE(met_in_child);
  const auto facts = open_or_fail(options);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->stats().live_entries, 900U);
}

TEST(Salvage, ANewerFormatIsRefusedAndTheStoreIsNotChanged) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 3);
  give_newer_format(directory.path());
  write_file(directory.path() / "index", "an index of that version");
  const auto before = data_of(directory.path());
  options.boot_id = "boot-2";
  const auto store = SeenStore::open(options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().exit, Exit::config);
  EXPECT_NE(store.error().message.find("format 3"), std::string::npos) << store.error().message;
  EXPECT_TRUE(data_of(directory.path()) == before);
}

/// Everything behind LMDB's first page, by which the start knows the file, becomes `byte`.
void lose_all_pages(const fs::path& directory, char byte) {
  const auto path = directory / "data.mdb";
  std::string data = contents_of(directory).at("data.mdb");
  data.replace(4096, std::string::npos, std::string(data.size() - 4096, byte));
  write_file(path, data);
}

TEST(Salvage, AFileOfWhichNothingIsSoundIsKeptAsideAndTheStoreBeginsAnew) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 3);
  std::string boot = "boot-2";
  std::string damaged;
  for (const char byte : {'\0', '\x5A'}) {  // the second takes the first one's place
    lose_all_pages(directory.path(), byte);
    damaged = contents_of(directory.path()).at("data.mdb");
    options.boot_id = boot;
    boot += "'";
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    EXPECT_TRUE(says(store->open_report(), (directory.path() / "data.mdb.damaged").string()));
    EXPECT_NE(store->open_loss().find("nothing of its window is covered"), std::string::npos) << store->open_loss();
    EXPECT_EQ(store->stats().live_entries, 0U);
    EXPECT_TRUE(contents_of(directory.path()).at("data.mdb.damaged") == damaged);
    EXPECT_FALSE(fs::exists(directory.path() / "salvage"));
    EXPECT_TRUE(succeeded(inspect(directory.path()))) << "the kept file is no stranger";
  }
}

TEST(Salvage, ACutOffFileIsKeptAsideAlthoughReadingItCrashes) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 3);
  fs::resize_file(directory.path() / "data.mdb", 8192);
  const std::string damaged = contents_of(directory.path()).at("data.mdb");
  options.boot_id = "boot-2";
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  EXPECT_TRUE(says(store->open_report(), "crashed"));
  EXPECT_TRUE(contents_of(directory.path()).at("data.mdb.damaged") == damaged);
}

}  // namespace
}  // namespace firstseen::store::test
