#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "component/daemon/program.h"
#include "component/daemon/scene.h"
#include "component/daemon/unprivileged.h"

// What a start finds out about the daemon's store, and tells.

namespace firstseen::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every file and directory below, with content and time of the last change.
std::map<std::string, std::pair<std::string, fs::file_time_type>> all_below(const fs::path& directory) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> all;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    all[entry.path()] = {entry.is_regular_file() ? text_of(entry.path()) : "", entry.last_write_time()};
  }
  return all;
}

/// A directory, and what is in it, that nobody may write while this lives.
class WriteProtected {
 public:
  explicit WriteProtected(fs::path directory) : directory_(std::move(directory)) { allow(false); }
  ~WriteProtected() { allow(true); }
  WriteProtected(const WriteProtected&) = delete;
  WriteProtected& operator=(const WriteProtected&) = delete;
  WriteProtected(WriteProtected&&) = delete;
  WriteProtected& operator=(WriteProtected&&) = delete;

 private:
  void allow(bool so) const {
    const auto change = [so](const fs::path& path) {
      std::error_code ignored;
      fs::permissions(path, fs::perms::owner_write, so ? fs::perm_options::add : fs::perm_options::remove, ignored);
    };
    change(directory_);
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) change(entry.path());
  }

  fs::path directory_;
};

void expect_refused_unchanged(const Scene& scene, const std::string& advice) {
  const WriteProtected guard(scene.store());
  const auto before = all_below(scene.store());
  const Finished refused = run_unprivileged({"run", "-c", scene.config()});
  EXPECT_EQ(refused.status, 74) << refused.err;
  for (const std::string& part : {scene.store() + "/slot-0", std::string("Permission denied"), advice}) {
    EXPECT_NE(refused.err.find(part), std::string::npos) << part << " is not in " << refused.err;
  }
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(all_below(scene.store()), before);
}

/// Starts the daemon, waits until it has told this, and stops it.
void expect_told_at_start(const Scene& scene, const std::string& line) {
  Program daemon({"run", "-c", scene.config()});
  EXPECT_TRUE(eventually([&] { return daemon.log().find(line) != std::string::npos; })) << line << ": " << daemon.log();
  ASSERT_TRUE(eventually([&] { return fs::exists(scene.socket()); })) << daemon.log();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait().status, 0) << daemon.log();
}

TEST(StoreStart, InADirectoryThatMayNotBeWrittenIsRefusedUnchangedWithWhatToCheck) {
  const Scene scene;
  fs::create_directory(scene.store());
  expect_refused_unchanged(scene, "give the user of this process write access");
}

TEST(StoreStart, OfAStoreThatMayNotBeWrittenIsRefusedUnchangedAndWorksOnceItMay) {
  const Scene scene;
  expect_told_at_start(scene, "new store");
  expect_refused_unchanged(scene, "check the directory's owner, its permissions");
  expect_told_at_start(scene, "store ");
}

/// `start` runs the program with the words that it is given.
template <class Start>
void expect_cannot_be_made(const Scene& scene, const std::string& why, Start start) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run"}, {"store", "prime"}}) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {"-c", scene.config()});
    const Finished refused = start(words);
    EXPECT_EQ(refused.status, 74) << refused.err;
    for (const std::string& part : {"cannot make the directory " + scene.store() + "/slot-0", why}) {
      EXPECT_NE(refused.err.find(part), std::string::npos) << part << " is not in " << refused.err;
    }
  }
}

TEST(StoreStart, InADirectoryThatMayNotBeEnteredIsRefusedWithWhatToDo) {
  const Scene scene;
  fs::create_directory(scene.store());
  const Closed guard(scene.store());
  if (!guard.keeps_out()) GTEST_SKIP() << Closed::why_skipped;
  expect_cannot_be_made(scene, "Permission denied",
                        [](const std::vector<std::string>& words) { return run_unprivileged(words); });
}

TEST(StoreStart, BehindALinkToItselfIsRefusedWithWhatToDo) {
  const Scene scene;
  fs::create_directory_symlink(scene.store(), scene.store());
  expect_cannot_be_made(scene, "symbolic links", [](const std::vector<std::string>& words) { return run(words); });
}

void expect_cut(const Finished& refused, const fs::path& slot) {
  EXPECT_EQ(refused.status, 65) << refused.out << refused.err;
  for (const std::string& part : {"store " + slot.string(), std::string("cut short"), std::string("store import")}) {
    EXPECT_NE(refused.err.find(part), std::string::npos) << part << " is not in " << refused.err;
  }
}

TEST(StoreStart, OfAFileThatIsCutShortIsRefusedAsBadDataByEachCommandOfADaemon) {
  const Scene scene;
  expect_told_at_start(scene, "new store");
  const fs::path slot = fs::path(scene.store()) / "slot-0";
  fs::resize_file(slot / "data.mdb", 8192);
  const std::string digest(32, '0');
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run"},
                                                  {"store", "prime"},
                                                  {"store", "verify"},
                                                  {"store", "stats"},
                                                  {"store", "list"},
                                                  {"store", "lookup", "--digest", digest},
                                                  {"store", "forget", "--digest", digest},
                                                  {"store", "export", scene.store() + "-copy"}}) {
    SCOPED_TRACE(command.back());
    std::vector<std::string> words = command;
    words.insert(words.end(), {"-c", scene.config()});
    expect_cut(run(words), slot);
  }
  const Scene other;
  expect_told_at_start(other, "new store");
  const auto before = text_of(fs::path(other.store()) / "slot-0" / "data.mdb");
  expect_cut(run({"store", "import", scene.store(), "-c", other.config(), "--replace"}), slot);
  EXPECT_EQ(text_of(fs::path(other.store()) / "slot-0" / "data.mdb"), before);
  const Finished replaced = run({"store", "import", other.store(), "-c", scene.config(), "--replace"});
  EXPECT_EQ(replaced.status, 0) << "it is what the advice says: " << replaced.err;
  EXPECT_EQ(run({"store", "verify", "-c", scene.config()}).status, 0);
}

TEST(StoreStart, TellsInAWarningWhatPowerLossHasCost) {
  const Scene scene;
  scene.configure_store("durability: process_crash");
  expect_told_at_start(scene, "new store");
  const fs::path slot = fs::path(scene.store()) / "slot-0";
  std::string data = text_of(slot / "data.mdb");
  constexpr std::size_t first_page = 4096;  // by it the start knows the file
  ASSERT_GT(data.size(), first_page);
  data.replace(first_page, std::string::npos, std::string(data.size() - first_page, '\0'));
  std::ofstream(slot / "data.mdb", std::ios::binary) << data;
  std::ofstream(slot / "unsynced") << "another-boot\n";
  expect_told_at_start(scene, "warning power loss has cost the store all its keys");
}

TEST(StoreStart, TellsTheDurabilityThatTheStoreReallyHas) {
  const std::string synced = "durability power_loss: every prepared batch is on disk before it counts";
  const std::string unsynced = "durability process_crash: commits are not synced";
  const Scene scene;
  expect_told_at_start(scene, synced);
  scene.configure_store("durability: process_crash");
  expect_told_at_start(scene, unsynced);
  scene.configure_store("durability: power_loss");
  expect_told_at_start(scene, synced);
}

}  // namespace
}  // namespace firstseen::test
