#include "ownership.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "component/daemon/daemon.h"

// What root makes in the directory of the user that the daemon runs as.

namespace firstseen::test {
namespace {

namespace fs = std::filesystem;

constexpr uid_t somebody = 65534;
constexpr const char* why_skipped = "only root can make files for others";

bool gives(const fs::path& path) { return ::geteuid() == 0 && ::lchown(path.c_str(), somebody, somebody) == 0; }

/// A directory of somebody else's; false where there can be none.
bool make_for_somebody(const fs::path& directory) { return fs::create_directories(directory) && gives(directory); }

uid_t owner_of(const fs::path& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_uid;
}

void expect_all_somebodys(const fs::path& top) {
  EXPECT_EQ(owner_of(top), somebody) << top;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    EXPECT_EQ(owner_of(entry.path()), somebody) << entry.path();
  }
}

class ByRoot : public Daemon {
 protected:
  [[nodiscard]] Finished prime() const {
    return test::run({"store", "prime", "-c", scene_->config(), "--until", "end"});
  }
  void expect_that_priming_leaves_all_to_somebody() {
    write("in", orders(30, 1));
    const Finished primed = prime();
    ASSERT_EQ(primed.status, 0) << primed.err;
    ASSERT_TRUE(fs::exists(slot() / "data.mdb"));
    expect_all_somebodys(scene_->store());
  }
  [[nodiscard]] fs::path slot() const { return fs::path(scene_->store()) / "slot-0"; }
};

TEST_F(ByRoot, AStoreThatIsPrimedBelongsToTheOwnerOfItsDirectory) {
  if (!make_for_somebody(scene_->store())) GTEST_SKIP() << why_skipped;
  expect_that_priming_leaves_all_to_somebody();
}

TEST_F(ByRoot, AStoreThatMadeItsDirectoryBelongsToTheOwnerOfTheOneAbove) {
  if (!gives(fs::path(scene_->store()).parent_path())) GTEST_SKIP() << why_skipped;
  expect_that_priming_leaves_all_to_somebody();
}

TEST_F(ByRoot, AStoreThatForgetsStaysItsOwners) {
  if (!make_for_somebody(scene_->store())) GTEST_SKIP() << why_skipped;
  write("in", orders(30, 1));
  ASSERT_EQ(prime().status, 0);
  fs::remove(slot() / "index");
  const Finished forgotten = store_command("forget", R"({"topic":"in","value":{"order":{"id":1}}})");
  ASSERT_EQ(forgotten.status, 0) << forgotten.err;
  ASSERT_TRUE(fs::exists(slot() / "index")) << "made anew";
  expect_all_somebodys(scene_->store());
}

TEST_F(ByRoot, AStoreThatIsImportedBelongsToTheOwnerOfItsDirectory) {
  if (!make_for_somebody(scene_->store())) GTEST_SKIP() << why_skipped;
  write("in", orders(30, 1));
  ASSERT_EQ(prime().status, 0);
  const std::string copy = scene_->store() + "-copy";
  ASSERT_EQ(test::run({"store", "export", "-c", scene_->config(), copy}).status, 0);
  fs::remove_all(slot());
  const Finished imported = test::run({"store", "import", "-c", scene_->config(), copy});
  ASSERT_EQ(imported.status, 0) << imported.err;
  ASSERT_TRUE(fs::exists(slot() / "data.mdb"));
  expect_all_somebodys(scene_->store());
}

TEST(Prime, ThatIsInterruptedLeavesTheStoreToTheOwnerOfItsDirectory) {
  const Scene scene;
  if (!make_for_somebody(scene.store())) GTEST_SKIP() << why_skipped;
  Program priming({"store", "prime", "-c", scene.config()});
  ASSERT_TRUE(eventually([&] { return priming.log().find("waiting for a broker") != std::string::npos; }))
      << priming.log();
  priming.signal(SIGTERM);
  EXPECT_EQ(priming.wait().status, 75);
  ASSERT_TRUE(fs::exists(fs::path(scene.store()) / "slot-0/data.mdb"));
  expect_all_somebodys(scene.store());
}

TEST(Ownership, IsNotGivenOfWhatTheOwnerCouldHaveLedRootTo) {
  const TemporaryDirectory directory;
  const fs::path place = directory.path() / "theirs";
  if (!make_for_somebody(place / "slot-0") || !gives(place)) GTEST_SKIP() << why_skipped;
  const fs::path secret = directory.path() / "secret";
  std::ofstream(secret) << "root's";
  fs::create_hard_link(secret, place / "slot-0/linked");
  fs::create_symlink(secret, place / "slot-0/pointed");
  fs::create_directory_symlink(directory.path(), place / "elsewhere");
  std::ofstream(place / "slot-0/made") << "by root";
  const Ownership ownership(place);
  EXPECT_TRUE(ownership.give(place / "slot-0"));
  EXPECT_TRUE(ownership.give(place / "elsewhere"));
  EXPECT_EQ(owner_of(place / "slot-0/made"), somebody);
  EXPECT_EQ(owner_of(secret), 0U);
  EXPECT_EQ(owner_of(directory.path()), 0U);
}

TEST(Ownership, OfWhatIsNotThereIsNothingToGive) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(Ownership(directory.path() / "a/b").give(directory.path() / "a/b/c"));
  EXPECT_TRUE(Ownership("/nonexistent").give("/nonexistent/slot-0"));
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

}  // namespace
}  // namespace firstseen::test
