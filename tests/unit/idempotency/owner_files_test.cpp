// The proof of life of a program that forks: its children neither take it along when they end nor keep it when it ends.
#include "idempotency/owner_files.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "support.h"
#include "support/forking.h"

namespace firstseen::idempotency::test {
namespace {

using firstseen::test::forked;
using firstseen::test::memory_directory;
using firstseen::test::Pipe;
using firstseen::test::read_all;
using firstseen::test::status_of;
using firstseen::test::TemporaryDirectory;

class OwnersOfAForkingProgram : public testing::Test {
 protected:
  const TemporaryDirectory directory_{memory_directory()};
  const OwnerFiles files_{directory_.path() / "owners"};
};

TEST_F(OwnersOfAForkingProgram, OutliveAChildThatEndsInOrder) {
  auto owner = files_.enlist();
  ASSERT_TRUE(succeeded(owner));
  const std::string id = (*owner)->id();
  EXPECT_EQ(status_of(forked([&] { owner->reset(); })), 0);
  EXPECT_TRUE(files_.alive(id));
  files_.remove_dead();
  EXPECT_TRUE(files_.alive(id));
  owner->reset();
  EXPECT_FALSE(files_.alive(id));
}

TEST_F(OwnersOfAForkingProgram, DieWithTheirMakerThoughItsChildLives) {
  Pipe ids;
  Pipe end;  // the grandchild lives until this process closes its end
  const pid_t maker = forked([&] {
    const auto owner = files_.enlist();
    if (!owner) return;
    forked([&] {
      ids.writing = FileDescriptor();
      end.writing = FileDescriptor();
      read_all(end.reading);
    });
    const std::string& id = (*owner)->id();
    if (::write(ids.writing.get(), id.data(), id.size()) < 0) ::_exit(1);
    ::_exit(0);  // the owner's object is not destroyed, as when it is killed
  });
  ids.writing = FileDescriptor();
  const std::string id = read_all(ids.reading);
  EXPECT_EQ(status_of(maker), 0);
  EXPECT_EQ(id.size(), 32U);
  EXPECT_FALSE(files_.alive(id)) << "its maker is gone, and only a child of it is left";
  files_.remove_dead();
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "owners" / id));
}

TEST_F(OwnersOfAForkingProgram, LiveOnWithAChildThatDoesTheWorkOfAMakerWhoDied) {
  Pipe ids;
  std::optional<Pipe> end(std::in_place);
  const pid_t maker = forked([&] {
    const auto owner = files_.enlist();
    if (!owner) return;
    const auto copy = (*owner)->copy_for_child();
    forked([&] {
      ids.writing = FileDescriptor();
      end->writing = FileDescriptor();
      read_all(end->reading);
    });
    const std::string& id = (*owner)->id();
    if (!copy || ::write(ids.writing.get(), id.data(), id.size()) < 0) ::_exit(1);
    ::_exit(0);
  });
  ids.writing = FileDescriptor();
  const std::string id = read_all(ids.reading);
  EXPECT_EQ(status_of(maker), 0);
  EXPECT_TRUE(files_.alive(id));
  files_.remove_dead();
  EXPECT_TRUE(files_.alive(id));
  end.reset();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (files_.alive(id) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_FALSE(files_.alive(id)) << "free when the child has ended";
  files_.remove_dead();
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "owners" / id));
}

TEST_F(OwnersOfAForkingProgram, EndInOrderThoughAChildHasACopy) {
  auto owner = files_.enlist();
  ASSERT_TRUE(succeeded(owner));
  auto copy = (*owner)->copy_for_child();
  ASSERT_TRUE(succeeded(copy));
  const firstseen::test::IdleChild child;
  const std::string id = (*owner)->id();
  EXPECT_TRUE(files_.alive(id));
  owner->reset();
  EXPECT_FALSE(files_.alive(id));
}

TEST_F(OwnersOfAForkingProgram, AChildHasOwnersOfItsOwn) {
  const auto parents = files_.enlist();
  ASSERT_TRUE(succeeded(parents));
  Pipe ids;
  Pipe end;
  const pid_t child = forked([&] {
    end.writing = FileDescriptor();
    const auto own = files_.enlist();
    if (!own || ::write(ids.writing.get(), (*own)->id().data(), (*own)->id().size()) < 0) ::_exit(1);
    ids.writing = FileDescriptor();
    read_all(end.reading);
  });
  ids.writing = FileDescriptor();
  const std::string id = read_all(ids.reading);
  EXPECT_TRUE(files_.alive(id));
  end.writing = FileDescriptor();
  EXPECT_EQ(status_of(child), 0);
  EXPECT_FALSE(files_.alive(id));
  EXPECT_TRUE(files_.alive((*parents)->id()));
}

TEST_F(OwnersOfAForkingProgram, TheStoreOutlivesTheChildsCopyOfIt) {
  ManualClock clock;
  auto store = open_or_fail(directory_.path() / "store", clock);
  std::optional<Handler> handler(std::in_place, store, HandlerOptions{.clock = &clock});
  const auto started = handler->start(key("a"));
  ASSERT_TRUE(started->claim);
  ASSERT_TRUE(*store->get(key("a")));
  EXPECT_EQ(status_of(forked([&] {
              handler.reset();
              store.reset();
            })),
            0);
  EXPECT_EQ(handler->check(key("a"))->state, State::in_flight);
  EXPECT_TRUE(succeeded(handler->complete(*started->claim, Outcome::success("1"))));
  EXPECT_EQ(store->stats()->hits, 2U) << "counted once";
}

}  // namespace
}  // namespace firstseen::idempotency::test
