// A program that forks while it opens its store.
#include <fcntl.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/held_lock.h"
#include "support.h"
#include "support/forking.h"

namespace firstseen::idempotency::test {
namespace {

namespace fs = std::filesystem;
using firstseen::test::IdleChild;
using firstseen::test::memory_directory;
using firstseen::test::TemporaryDirectory;

/// How many times this process has the file open.
int times_open(const fs::path& path) {
  int times = 0;
  std::error_code error;
  for (fs::directory_iterator files("/proc/self/fd", error); !error && files != fs::directory_iterator();
       files.increment(error)) {
    std::error_code closed_meanwhile;
    times += fs::read_symlink(files->path(), closed_meanwhile) == path ? 1 : 0;
  }
  return times;
}

bool becomes_open_twice(const fs::path& path) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (times_open(path) < 2) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(OpeningAStore, LocksNobodyOutThoughAChildForkedMeanwhileLives) {
  const ManualClock clock;
  const TemporaryDirectory directory(memory_directory());
  ASSERT_TRUE(open_or_fail(directory.path(), clock));
  const fs::path path = fs::canonical(directory.path()) / "open.lock";
  std::optional<HeldLock> other(std::in_place, path, O_RDWR);
  ASSERT_TRUE(other->try_lock());
  std::thread opening([&] { EXPECT_TRUE(open_or_fail(directory.path(), clock)); });
  EXPECT_TRUE(becomes_open_twice(path)) << "it has the file open and waits for the lock";
  const IdleChild child;
  other.reset();
  opening.join();
  EXPECT_TRUE(HeldLock(path, O_RDWR).try_lock()) << "a child that opens nothing locks the next one out";
}

}  // namespace
}  // namespace firstseen::idempotency::test
