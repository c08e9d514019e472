// The index that a clean stop leaves, on full disks and with kills at any moment.

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <iostream>
#include <random>

#include "unit/store/index_file_fixture.h"

namespace firstseen::store::test {
namespace {

/// Runs `body` in a child; true when it returned true.
template <class Body>
bool in_child(Body body, int* status = nullptr) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int ended = 0;
  waitpid(child, &ended, 0);
  if (status != nullptr) *status = ended;
  return WIFEXITED(ended) && WEXITSTATUS(ended) == 0;
}

TEST_F(SavedIndexFile, IsGivenUpOnADiskWithLessThanTwiceItsSizeFree) {
  fs::create_directory(options_.directory);
  const bool can_mount = in_child([&] { return unshare(CLONE_NEWNS) == 0; });
  if (!can_mount) GTEST_SKIP() << "takes the right to mount";
  EXPECT_TRUE(in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    if (mount("none", options_.directory.c_str(), "tmpfs", 0, "size=1900k") != 0) return false;
    const auto store = open_or_fail(options_);
    add(*store, 0, 60'000);  // 1.1 MB of the log, 0.6 MB of index
    if (HasFatalFailure() || !store->close_clean()) return false;
    const std::string line = store->save_index(index_save_time);
    const bool given_up = line.starts_with("index not saved") && line.find("are free") != std::string::npos;
    if (!given_up) std::cerr << line << '\n';
    return given_up && !fs::exists(file());
  }));
}

TEST_F(SavedIndexFile, AKillWhileItIsWrittenLeavesAStoreThatReadsItsLog) {
  ASSERT_NO_FATAL_FAILURE(make_saved());
  const std::uintmax_t size = fs::file_size(file());
  for (const std::uintmax_t limit : {std::uintmax_t{1}, size / 2, size - 1}) {
    fs::remove_all(options_.directory);
    int status = 0;
    in_child(
        [&] {
          const auto store = open_or_fail(options_);
          for (std::uint64_t first = 0; first < keys; first += 1000) add(*store, first, 1000);
          if (HasFatalFailure() || !store->close_clean()) return false;
          const rlimit smaller{limit, RLIM_INFINITY};
          setrlimit(RLIMIT_FSIZE, &smaller);  // the kernel kills with SIGXFSZ at this byte of the file
          store->save_index(index_save_time);
          return false;
        },
        &status);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << limit;
    EXPECT_TRUE(fs::exists(options_.directory / "index.new"));
    open_and_check("read from");
    EXPECT_FALSE(fs::exists(options_.directory / "index.new"));
  }
}

TEST_F(SavedIndexFile, KillsAtAnyMomentBetweenStartAndStopNeverMakeAWrongOneBelieved) {
  std::mt19937_64 random(11);
  std::uint64_t known = 0;
  int snapshots = 0;
  for (int round = 0; round < 40 && !HasFailure(); ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      for (;;) {
        const auto opened = SeenStore::open(options_);
        if (!opened) _exit(3);
        SeenStore& store = **opened;
        const std::uint64_t count = store.stats().live_entries;
        for (std::uint64_t key = 0; key < count; ++key) {
          if (!store.find(digest_of(key), 100)) _exit(4);
        }
        add(store, count, 500);
        const std::array<std::uint64_t, 2> said = {count + 500, store.note("index") == "snapshot" ? 1U : 0U};
        if (write(ends[1], said.data(), sizeof said) != sizeof said) _exit(5);
        if (!store.close_clean()) _exit(6);
        store.save_index(index_save_time);
      }
    }
    close(ends[1]);
    std::array<std::uint64_t, 2> said{};
    for (std::uint64_t wanted = 1 + random() % 4; wanted != 0; --wanted) {
      ASSERT_EQ(read(ends[0], said.data(), sizeof said), static_cast<ssize_t>(sizeof said)) << "the child failed";
      known = said[0];
      snapshots += static_cast<int>(said[1]);
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    close(ends[0]);
    const auto store = open_or_fail(options_);
    ASSERT_TRUE(store);
    const std::uint64_t count = store->stats().live_entries;
    EXPECT_GE(count, known);
    for (std::uint64_t key = 0; key < count; ++key) ASSERT_TRUE(store->find(digest_of(key), 100)) << key;
  }
  EXPECT_GT(snapshots, 10);
}

}  // namespace
}  // namespace firstseen::store::test
