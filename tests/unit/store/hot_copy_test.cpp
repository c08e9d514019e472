// A copy of a store that is in use: complete, sound, and of one moment.
#include "store/hot_copy.h"

#include <sys/wait.h>

#include <csignal>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

/// A batch with one entry for each of the keys, which its owner has not decided yet.
void prepare(SeenStore& store, std::int64_t start, const std::vector<std::uint64_t>& keys) {
  for (const std::uint64_t key : keys) store.stage(seen(key, 1000, start));
  const SourceRange range = range_of("t", 0, start, start + 1, 1000);
  ASSERT_TRUE(succeeded(store.prepare({&range, 1}, never, false)));
}

class HotCopy : public testing::TestWithParam<CopyLayout> {
 protected:
  void copy() { ASSERT_TRUE(succeeded(hot_copy(original(), copied(), GetParam()))); }
  [[nodiscard]] fs::path original() const { return directory_.path() / "original"; }
  [[nodiscard]] fs::path copied() const { return directory_.path() / "copied"; }

  const TemporaryDirectory directory_;
};

TEST_P(HotCopy, HoldsWhatTheStoreHeldAtThatMomentAndNothingLater) {
  const auto store = open_or_fail(options_for(original()));
  prepare(*store, 0, {1, 2});
  store->settle();
  copy();
  prepare(*store, 1, {3});
  EXPECT_TRUE(verify(copied())->problems.empty());
  EXPECT_EQ(lookup(copied(), digest_of(2))->size(), 1U);
  EXPECT_TRUE(lookup(copied(), digest_of(3))->empty());
  EXPECT_EQ(inspect(copied())->id, store->id());
  EXPECT_EQ(inspect(copied())->partitions,
            (std::map<TopicPartition, PartitionState>{{{"t", 0}, range_of("t", 0, 0, 1, 1000).after}}));
}

TEST_P(HotCopy, LeavesTheLastBatchUndecidedAsTheStoreDoes) {
  auto store = open_or_fail(options_for(original()));
  prepare(*store, 0, {1});
  store->settle();
  prepare(*store, 1, {2});
  const BatchId last = store->undecided()->id;
  copy();
  store->settle();

  const auto restored = open_or_fail(options_for(copied()));
  ASSERT_TRUE(restored->undecided());
  EXPECT_EQ(restored->undecided()->id, last) << "by this id Kafka tells whether it stands";
  EXPECT_EQ(restored->next_batch().sequence, store->next_batch().sequence);
  EXPECT_NE(restored->next_batch(), store->next_batch()) << "no batch of the one is taken for one of the other";
  ASSERT_TRUE(succeeded(restored->roll_back()));
  EXPECT_TRUE(restored->find(digest_of(1), 1000));
  EXPECT_FALSE(restored->find(digest_of(2), 1000));
  EXPECT_EQ(restored->partitions().at({"t", 0}).next_offset, 1);
  EXPECT_TRUE(store->find(digest_of(2), 1000)) << "the original is what it was";
}

TEST_P(HotCopy, NeedsNoOtherFileOfTheStoreAndLeavesItsOwnersBehind) {
  auto options = options_for(original());
  options.durability = Durability::process_crash;
  const auto store = open_or_fail(options);
  prepare(*store, 0, {1});
  ASSERT_TRUE(contents_of(original()).contains("unsynced"));
  copy();
  const auto files = contents_of(copied());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_TRUE(files.contains("data.mdb"));
  options.directory = copied();
  options.boot_id = "boot-2";
  const auto restored = open_or_fail(options);
  EXPECT_TRUE(restored->find(digest_of(1), 1000)) << "after another boot, too: it is on disk";
}

/// As many as fit beside what a copy that takes long would hold back.
void write_many_batches(const fs::path& directory, int pipe) {
  const auto store = SeenStore::open(options_for(directory));
  if (!store) _exit(2);
  for (std::uint64_t batch = 0; batch < 2000; ++batch) {
    for (std::uint64_t key = 0; key < 500; ++key) (*store)->stage(seen(batch * 1000 + key, 1000));
    const auto start = static_cast<std::int64_t>(batch);
    const SourceRange range = range_of("t", 0, start, start + 1, 1000);
    if (!(*store)->prepare({&range, 1}, never, false)) _exit(3);
    (*store)->settle();
    if (batch == 5 && write(pipe, "w", 1) != 1) _exit(4);
  }
  for (;;) pause();
}

TEST_P(HotCopy, IsSoundWhileAnotherProcessWrites) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t writer = fork();
  if (writer == 0) write_many_batches(original(), ends[1]);
  close(ends[1]);
  char told = 0;
  EXPECT_EQ(read(ends[0], &told, 1), 1) << "it ended";
  close(ends[0]);
  for (int i = 0; i < 10 && told == 'w'; ++i) {
    const fs::path to = copied().string() + std::to_string(i);
    EXPECT_TRUE(succeeded(hot_copy(original(), to, GetParam())));
    const auto found = verify(to);
    EXPECT_TRUE(succeeded(found));
    if (found) {
      EXPECT_EQ(found->problems, std::vector<std::string>{});
      EXPECT_GE(found->records, 1U);
    }
    fs::remove_all(to);
  }
  EXPECT_EQ(waitpid(writer, nullptr, WNOHANG), 0) << "it is still there";
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
}

INSTANTIATE_TEST_SUITE_P(Is, HotCopy, testing::Values(CopyLayout::compact, CopyLayout::as_is),
                         [](const auto& one) { return one.param == CopyLayout::compact ? "Compact" : "AsIs"; });

TEST(HotCopyOf, AStoreFromWhichMuchHasGoneIsSmallerWhenItIsCompact) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path() / "original"));
  for (std::int64_t batch = 0; batch < 20; ++batch) {
    const std::int64_t now = 10'000 * batch;
    for (std::uint64_t key = 0; key < 2000; ++key)
      store->stage(seen(static_cast<std::uint64_t>(batch) * 2000 + key, now));
    const SourceRange range = range_of("t", 0, batch, batch + 1, now);
    ASSERT_TRUE(succeeded(store->prepare({&range, 1}, batch < 10 ? never : now - 1000, false)));
    store->settle();
  }
  const auto compact = hot_copy(directory.path() / "original", directory.path() / "compact", CopyLayout::compact);
  const auto as_is = hot_copy(directory.path() / "original", directory.path() / "as_is", CopyLayout::as_is);
  ASSERT_TRUE(succeeded(compact));
  ASSERT_TRUE(succeeded(as_is));
  EXPECT_LT(*compact, *as_is / 2);
  EXPECT_EQ(fs::file_size(directory.path() / "compact" / "data.mdb"), *compact);
}

TEST(HotCopyOf, WhatIsNoStoreOrToWhatIsThereAlreadyMakesNothing) {
  const TemporaryDirectory directory;
  const fs::path to = directory.path() / "to";
  EXPECT_FALSE(hot_copy(directory.path(), to, CopyLayout::compact));
  EXPECT_FALSE(fs::exists(to));
  const auto store = open_or_fail(options_for(directory.path() / "original"));
  fs::create_directory(to);
  const auto refused = hot_copy(directory.path() / "original", to, CopyLayout::compact);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(to.string()), std::string::npos) << refused.error().message;
  EXPECT_TRUE(fs::is_empty(to));
}

}  // namespace
}  // namespace firstseen::store::test
