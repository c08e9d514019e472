#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "component/daemon/own_disk.h"

// A disk that fails under the running daemon: a file system of its own that the kernel takes for broken, and a file
// that can no longer be read through memory.

namespace firstseen::test {
namespace {

namespace fs = std::filesystem;

/// Mounts the image $4 over the directory $1.
constexpr const char* mount_image =
    "export PATH=\"$PATH:/usr/sbin:/sbin\"; mount -t ext4 -o loop,errors=remount-ro \"$4\" \"$1\"";
/// Makes a file system in the file $4 and looks whether it can be mounted.
const std::string make_image = std::string("PATH=\"$PATH:/usr/sbin:/sbin\" mkfs.ext4 -q -F \"$4\" && ") + mount_image;
/// Becomes the daemon ($2) with the configuration $3, on the image $4.
const std::string run_on_image = std::string(mount_image) + " && exec \"$2\" run -c \"$3\"";
/// As an operator would, where nobody has it mounted.
constexpr const char* repair_image = "PATH=\"$PATH:/usr/sbin:/sbin\" e2fsck -f -y \"$4\"";
/// Lists the devices that still have the image $4.
constexpr const char* devices_of_image = "PATH=\"$PATH:/usr/sbin:/sbin\" losetup --associated \"$4\"";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// By the facts of `store stats --json`, the last batch is known to stand: nothing is left to be written down.
bool is_decided(const Finished& stats) {
  const Json facts = Json::parse(stats.out, nullptr, false);
  return facts.is_object() && facts.contains("undecided_batch") && facts["undecided_batch"].is_null();
}

/// ext4 on a loop device. A kernel refuses to remount it while files are open for writing; an error on the disk makes
/// it read-only in spite of that (errors=remount-ro), and only another mount writable again.
class ReadOnlyDisk : public OwnDisk {
 protected:
  void SetUp() override {
    OwnDisk::SetUp();
    if (IsSkipped()) return;
    std::ofstream(image()).close();
    fs::resize_file(image(), std::uintmax_t{64} << 20U);
    if (const Finished made = do_with_image(make_image); made.status != 0) {
      GTEST_SKIP() << "needs mkfs.ext4 and loop devices: " << made.err;
    }
    ASSERT_TRUE(is_unmounted());
  }

  std::string image() const { return scene_->config() + ".disk"; }
  Finished do_with_image(const std::string& script) const { return in_own_mounts(script, image()).wait(); }
  Program start() const { return in_own_mounts(run_on_image, image()); }

  /// The mounts have gone with the process that had them.
  bool is_unmounted() const {
    return eventually([&] {
      const Finished listed = do_with_image(devices_of_image);
      return listed.status == 0 && listed.out.empty();
    });
  }

  /// What the kernel does on its own when it finds the file system inconsistent.
  void fail_disk_of(const Program& daemon) const {
    Program failing("/usr/bin/nsenter",
                    {"--mount", "--target", std::to_string(daemon.pid()), "/bin/sh", "-c",
                     "mount -o remount,abort \"$1\"", "sh", scene_->store()},
                    {}, "");
    const Finished failed = failing.wait();
    ASSERT_EQ(failed.status, 0) << failed.err;
  }

  Finished stats_of(const Program& daemon) const {
    return test::run({"store", "stats", "--store", seen_from_outside(daemon), "--json"});
  }

  /// As kernels call it: some take such a file system for one that has shut down.
  const std::vector<std::string> reasons_{"Read-only file system", "Input/output error"};
};

TEST_F(ReadOnlyDisk, TheDaemonPausesAndGoesOnAfterTheRepairWithNothingLostOrDoubled) {
  write("in", orders(10, 1));
  {
    Program daemon = start();
    ASSERT_TRUE(says(daemon, [](const Json& now) { return now["counters"]["first_seen"] == 10; }));
    ASSERT_TRUE(eventually([&] { return is_decided(stats_of(daemon)); })) << stats_of(daemon).out;
    ASSERT_NO_FATAL_FAILURE(fail_disk_of(daemon));
    write("in", orders(1'000, 2));
    EXPECT_TRUE(pauses(daemon, reasons_));
    const Finished told = status_of(daemon);
    EXPECT_TRUE(contains(told.out, "the kernel log")) << told.out;
    EXPECT_TRUE(contains(told.out, "stop this process")) << told.out;
    EXPECT_EQ(Json::parse(told.out)["counters"]["consumed"], 10) << told.out;
    EXPECT_TRUE(daemon.running());

    daemon.signal(SIGTERM);
    const Finished finished = daemon.wait();
    EXPECT_EQ(finished.status, 0) << "nothing was left to be written: " << finished.err;
    EXPECT_TRUE(contains(finished.err, "index not saved")) << finished.err;
  }
  ASSERT_TRUE(is_unmounted());
  const Finished repaired = do_with_image(repair_image);
  ASSERT_LE(repaired.status, 1) << repaired.out << repaired.err;  // 1: errors were corrected

  Program daemon = start();
  ASSERT_TRUE(says(daemon, [](const Json& now) { return now["counters"]["consumed"] == 2'000; }));
  EXPECT_TRUE(says(daemon, [](const Json& now) { return now["state"] == "running"; }));
  const Json counters = Json::parse(status_of(daemon).out)["counters"];
  EXPECT_EQ(counters["first_seen"], 990) << "10 of them before";
  EXPECT_EQ(counters["duplicates"], 1'010);
}

TEST_F(ReadOnlyDisk, AStopThatCannotSyncTheStoreEndsWithTheReason) {
  scene_->configure_store("durability: process_crash");
  write("in", orders(10, 1));
  Program daemon = start();
  ASSERT_TRUE(says(daemon, [](const Json& now) { return now["counters"]["first_seen"] == 10; }));
  ASSERT_NO_FATAL_FAILURE(fail_disk_of(daemon));
  daemon.signal(SIGTERM);
  const Finished finished = daemon.wait();
  EXPECT_EQ(finished.status, 74) << finished.err;
  EXPECT_TRUE(std::ranges::any_of(reasons_, [&](const auto& reason) { return contains(finished.err, reason); }))
      << finished.err;
  EXPECT_TRUE(contains(finished.err, scene_->store() + "/slot-0")) << finished.err;
}

using UnreadablePage = Daemon;

TEST_F(UnreadablePage, EndsTheDaemonWithTheReasonAndTheNextStartGoesOn) {
  write("in", orders(10, 1));
  {
    Program daemon(command("run"));
    ASSERT_TRUE(counts("first_seen", 10)) << daemon.log();
    ASSERT_TRUE(eventually([&] { return is_decided(store_command("stats")); })) << store_command("stats").out;
    // A file that ends before the page does to whoever touches it what a file system that has shut down does.
    fs::resize_file(scene_->store() + "/slot-0/lock.mdb", 0);
    const Finished finished = daemon.wait();
    EXPECT_EQ(finished.status, 74) << finished.err;
    EXPECT_TRUE(contains(finished.err, "store " + scene_->store() + ": a page of its files")) << finished.err;
    EXPECT_TRUE(contains(finished.err, "the kernel log")) << finished.err;
  }
  Program daemon(command("run"));
  write("in", orders(20, 1));
  EXPECT_TRUE(counts("consumed", 20)) << daemon.log();
  EXPECT_TRUE(counts("first_seen", 10)) << daemon.log();
}

}  // namespace
}  // namespace firstseen::test
