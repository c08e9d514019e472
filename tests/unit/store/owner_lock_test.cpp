// Who holds a store's directory, where the holder forks.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <string>

#include "store/directory.h"
#include "support/forking.h"
#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

using firstseen::test::forked;
using firstseen::test::IdleChild;
using firstseen::test::status_of;

class OwnerOfADirectory : public testing::Test {
 protected:
  [[nodiscard]] std::optional<OwnerLock> acquire() const {
    auto lock = OwnerLock::acquire(directory_.path());
    if (!lock) return std::nullopt;
    return std::move(*lock);
  }

  const TemporaryDirectory directory_;
};

TEST_F(OwnerOfADirectory, LeavesItFreeThoughAChildForkedMeanwhileLives) {
  std::optional<OwnerLock> lock = acquire();
  ASSERT_TRUE(lock);
  const IdleChild child;
  lock.reset();
  EXPECT_FALSE(OwnerLock::held(directory_.path()));
  EXPECT_TRUE(acquire());
}

TEST_F(OwnerOfADirectory, HasItThoughTheDiskHasNoRoomForItsPid) {
  const pid_t holder = forked([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit no_room{0, 0};
    const bool limited = ::setrlimit(RLIMIT_FSIZE, &no_room) == 0;
    const bool got_it = acquire().has_value();
    ::_exit(limited && got_it ? 0 : 1);
  });
  EXPECT_EQ(status_of(holder), 0);
}

TEST_F(OwnerOfADirectory, TellsItsWholePidAndNothingOfALongerOneBefore) {
  std::ofstream(directory_.path() / owner_file) << "12345678901234567890\n";
  ASSERT_TRUE(acquire());
  std::string told;
  std::ifstream(directory_.path() / owner_file) >> told;
  EXPECT_EQ(told, std::to_string(::getpid()));
}

TEST_F(OwnerOfADirectory, KeepsItWhenAChildEnds) {
  std::optional<OwnerLock> lock = acquire();
  ASSERT_TRUE(lock);
  EXPECT_EQ(status_of(forked([&] { lock.reset(); })), 0);
  EXPECT_TRUE(OwnerLock::held(directory_.path()));
  EXPECT_FALSE(acquire());
}

TEST_F(OwnerOfADirectory, LeavesItFreeWhenItDiesThoughItsChildLives) {
  firstseen::test::Pipe ready;
  firstseen::test::Pipe end;  // the grandchild lives until this process closes its end
  const pid_t holder = forked([&] {
    const auto lock = acquire();
    forked([&] {
      ready.writing = FileDescriptor();
      end.writing = FileDescriptor();
      firstseen::test::read_all(end.reading);
    });
    ::_exit(lock ? 0 : 1);  // the lock's object is not destroyed, as when it is killed
  });
  ready.writing = FileDescriptor();
  firstseen::test::read_all(ready.reading);
  EXPECT_EQ(status_of(holder), 0);
  EXPECT_FALSE(OwnerLock::held(directory_.path()));
  EXPECT_TRUE(acquire());
}

}  // namespace
}  // namespace firstseen::store::test
