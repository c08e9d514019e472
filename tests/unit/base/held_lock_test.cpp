// Locks of a process that forks: its children neither keep what it has released or left behind nor release what it has.
#include "base/held_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "support/forking.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

/// fork() runs the handlers of forks. _Fork() does not, not even those that a thread sanitizer needs.
std::vector<ForkAs> ways_to_fork() {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return {::fork};
#endif
#endif
  return {::fork, ::_Fork};
}

class HeldLocks : public testing::Test {
 protected:
  [[nodiscard]] HeldLock open() const { return HeldLock(directory_.path() / "lock", O_RDWR | O_CREAT, 0600); }
  [[nodiscard]] HeldLock locked() const {
    HeldLock lock = open();
    EXPECT_TRUE(lock.try_lock());
    return lock;
  }
  [[nodiscard]] bool is_free() const { return open().try_lock(); }

  const TemporaryDirectory directory_{memory_directory()};
};

TEST_F(HeldLocks, AreHeldOnceAlsoWithinAProcess) {
  std::optional<HeldLock> first(locked());
  EXPECT_TRUE(first->is_ours());
  const HeldLock second = open();
  const bool taken = second.try_lock();
  const int error = errno;
  EXPECT_FALSE(taken);
  EXPECT_EQ(error, EWOULDBLOCK);
  EXPECT_FALSE(second.try_lock_shared());
  *first = HeldLock();
  EXPECT_TRUE(second.lock());
}

TEST_F(HeldLocks, AreSharedByThoseWhoAskForThat) {
  const HeldLock first = open();
  const HeldLock second = open();
  EXPECT_TRUE(first.try_lock_shared());
  EXPECT_TRUE(second.try_lock_shared());
  EXPECT_FALSE(is_free());
}

TEST_F(HeldLocks, OfAFileThatCannotBeOpenedAreNoneAndTellWhy) {
  const HeldLock lock(directory_.path() / "missing", O_RDWR);
  const int error = errno;
  EXPECT_EQ(error, ENOENT);
  EXPECT_EQ(lock.fd(), -1);
  EXPECT_FALSE(lock.try_lock());
  EXPECT_EQ(HeldLock().fd(), -1);
  EXPECT_FALSE(HeldLock().is_ours());
}

TEST_F(HeldLocks, AreFreeWhenReleasedThoughAChildForkedMeanwhileLives) {
  for (const ForkAs fork_as : ways_to_fork()) {
    std::optional<HeldLock> lock(locked());
    const IdleChild child(fork_as);
    EXPECT_FALSE(is_free());
    lock.reset();
    EXPECT_TRUE(is_free());
  }
}

TEST_F(HeldLocks, OutliveAChildThatEndsInOrder) {
  for (const ForkAs fork_as : ways_to_fork()) {
    std::optional<HeldLock> lock(locked());
    const pid_t child = fork_as();
    if (child == 0) {
      const bool ours = lock->is_ours();
      lock.reset();
      ::_exit(ours ? 1 : 0);
    }
    EXPECT_EQ(status_of(child), 0);
    EXPECT_FALSE(is_free());
  }
}

TEST_F(HeldLocks, AreFreeWhenTheirHolderIsKilledThoughItsChildLives) {
  Pipe ready;
  Pipe end;  // the grandchild lives until this process closes its end
  const pid_t holder = forked([&] {
    const HeldLock lock = locked();
    forked([&] {
      ready.writing = FileDescriptor();
      end.writing = FileDescriptor();
      read_all(end.reading);
    });
    ready.writing = FileDescriptor();
    ::pause();
  });
  ready.writing = FileDescriptor();
  read_all(ready.reading);
  EXPECT_FALSE(is_free());
  ::kill(holder, SIGKILL);
  EXPECT_EQ(status_of(holder), SIGKILL);
  EXPECT_TRUE(is_free());
}

TEST_F(HeldLocks, AreKeptByAChildThatWorksForAHolderWhoIsKilled) {
  Pipe ready;
  std::optional<Pipe> end(std::in_place);
  const pid_t holder = forked([&] {
    const HeldLock lock = locked();
    const FileDescriptor copy = lock.copy_for_child();
    forked([&] {
      ready.writing = FileDescriptor();
      end->writing = FileDescriptor();
      read_all(end->reading);
    });
    ready.writing = FileDescriptor();
    ::pause();
  });
  ready.writing = FileDescriptor();
  read_all(ready.reading);
  ::kill(holder, SIGKILL);
  EXPECT_EQ(status_of(holder), SIGKILL);
  EXPECT_FALSE(is_free()) << "its child works on";
  end.reset();
  EXPECT_TRUE(open().lock()) << "free when the child has ended";
}

TEST_F(HeldLocks, AreNotCopiedToAStandardDescriptorThatIsClosed) {
  const HeldLock lock = locked();
  const pid_t child = forked([&] {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(number);
    const HeldLock own(directory_.path() / "other", O_RDWR | O_CREAT, 0600);
    if (own.copy_for_child().get() <= STDERR_FILENO) ::_exit(1);
  });
  EXPECT_EQ(status_of(child), 0);
}

TEST_F(HeldLocks, OfAChildAreItsOwn) {
  const HeldLock parents = locked();
  const HeldLock other(directory_.path() / "other", O_RDWR | O_CREAT, 0600);
  const pid_t child = forked([&] {
    const HeldLock own(directory_.path() / "other", O_RDWR);
    if (!own.try_lock() || !own.is_ours() || parents.is_ours()) ::_exit(1);
  });
  EXPECT_EQ(status_of(child), 0);
  EXPECT_TRUE(other.try_lock());
  EXPECT_FALSE(is_free());
}

}  // namespace
}  // namespace firstseen::test
