#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "component/daemon/own_disk.h"

// The daemon on a real file system that is really full: a small tmpfs, mounted where only the daemon sees it.

namespace firstseen::test {
namespace {

/// Mounts a tmpfs over the directory $1 and becomes the daemon ($2) with the configuration $3.
constexpr const char* on_a_small_disk = "mount -t tmpfs -o size=8m,mode=0700 none \"$1\" && exec \"$2\" run -c \"$3\"";

/// The same, but all except $4 bytes of the disk are taken before.
constexpr const char* on_a_full_disk =
    "mount -t tmpfs -o size=1m,mode=0700 none \"$1\" && dd if=/dev/zero of=\"$1/filler\" bs=4k 2> /dev/null; "
    "truncate -s -\"$4\" \"$1/filler\" && exec \"$2\" run -c \"$3\"";

/// On a disk that cannot be written; $4 says what to do there before.
constexpr const char* on_a_read_only_disk =
    "mount -t tmpfs -o size=8m,mode=0700 none \"$1\" && (cd \"$1\" && eval \"$4\") && mount -o remount,ro \"$1\" && "
    "exec \"$2\" run -c \"$3\"";

class FullDisk : public OwnDisk {
 protected:
  Program start(const char* script = on_a_small_disk, const std::string& more = "") const {
    return in_own_mounts(script, more);
  }

  /// Takes all space that is left.
  static void fill(const std::string& path) {
    std::ofstream file(path, std::ios::binary);
    const std::string piece(4096, 'x');
    while (file.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
    }
  }
};

TEST_F(FullDisk, TheDaemonPausesPublishesNothingNewAndGoesOnWhenThereIsSpace) {
  write("in", orders(10, 1));
  Program daemon = start();
  ASSERT_TRUE(says(daemon, [](const Json& now) { return now["counters"]["first_seen"] == 10; }));
  EXPECT_EQ(status_of(daemon).status, 0);

  const std::string filler = seen_from_outside(daemon) + "/filler";
  fill(filler);
  write("in", orders(20'000, 2));
  // "No space left on device"; or, where a few pages were left, LMDB's EIO for a short write: "check ... free space".
  EXPECT_TRUE(pauses(daemon, {" space"}));
  EXPECT_TRUE(daemon.running());

  ASSERT_TRUE(std::filesystem::remove(filler));
  ASSERT_TRUE(says(daemon, [](const Json& now) { return now["counters"]["consumed"] == 40'010; }));
  EXPECT_TRUE(says(daemon, [](const Json& now) { return now["state"] == "running"; }));
  const Json counters = Json::parse(status_of(daemon).out)["counters"];
  EXPECT_EQ(counters["first_seen"], 20'000) << "10 of them before";
  EXPECT_EQ(status_of(daemon).status, 0);
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait().status, 0) << daemon.log();
}

TEST_F(FullDisk, AStartThereEndsWithTheReasonHoweverLittleIsLeft) {
  for (const int left : {0, 4'096, 2 * 4'096, 8 * 4'096, 15 * 4'096}) {
    Program daemon = start(on_a_full_disk, std::to_string(left));
    const Finished finished = daemon.wait();
    EXPECT_EQ(finished.status, 74) << left << " bytes left: " << finished.err;
    EXPECT_NE(finished.err.find("No space left on device"), std::string::npos) << left << ": " << finished.err;
    EXPECT_NE(finished.err.find(scene_->store()), std::string::npos) << left << ": " << finished.err;
  }
}

TEST_F(FullDisk, AStartOnOneThatCannotBeWrittenEndsWithTheReason) {
  for (const char* before : {":", "mkdir -m 0700 slot-0", "mkdir -m 0700 slot-0 && : > slot-0/owner.lock"}) {
    Program daemon = start(on_a_read_only_disk, before);
    const Finished finished = daemon.wait();
    EXPECT_EQ(finished.status, 74) << before << ": " << finished.err;
    EXPECT_NE(finished.err.find("Read-only file system"), std::string::npos) << before << ": " << finished.err;
    EXPECT_NE(finished.err.find(scene_->store() + "/slot-0"), std::string::npos) << before << ": " << finished.err;
  }
}

TEST_F(FullDisk, AnExportThatWouldLeaveTheDaemonNoRoomIsRefused) {
  write("in", orders(10, 1));
  Program daemon = start();
  ASSERT_TRUE(says(daemon, [](const Json& now) { return now["counters"]["first_seen"] == 10; }));
  const std::string store = seen_from_outside(daemon);
  const Finished refused = test::run({"store", "export", "--store", store, store + "/copy"});
  EXPECT_EQ(refused.status, 74) << refused.out << refused.err;
  EXPECT_NE(refused.err.find("the store, on the same file system"), std::string::npos) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(store + "/copy"));
  const std::string elsewhere = scene_->config() + ".copy";
  EXPECT_EQ(test::run({"store", "export", "--store", store, elsewhere}).status, 0) << "there is room, and no daemon";
}

}  // namespace
}  // namespace firstseen::test
