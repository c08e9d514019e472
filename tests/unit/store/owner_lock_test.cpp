// Who holds a store's directory, where the holder forks.
#include <optional>

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
