// LMDB's table of readers is shared by all processes and has an end: killed readers keep their places in it.
#include <sys/wait.h>

#include <csignal>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

/// Runs `body(pipe)` in a child and waits until that has told one byte through the pipe; then the child waits to be
/// killed.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      body(ends[1]);
      for (;;) pause();
    }
    close(ends[1]);
    told_ = read(ends[0], &byte_, 1) == 1;
    close(ends[0]);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&&) = delete;
  Child& operator=(Child&&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  /// What it told; '?' if it ended before.
  [[nodiscard]] char told() const { return told_ ? byte_ : '?'; }

 private:
  pid_t pid_ = 0;
  char byte_ = 0;
  bool told_ = false;
};

void tell(int pipe, char byte) {
  if (write(pipe, &byte, 1) != 1) _exit(2);
}

/// Takes every place in the table of readers that is left; tells 'f' when there is none any more.
void read_until_full(const fs::path& directory, int pipe) {
  const auto env = Env::open({.directory = directory, .read_only = true, .unregistered = true, .databases = {}});
  if (!env) _exit(3);
  std::vector<Txn> readers;
  for (;;) {
    auto txn = Txn::begin(**env, Txn::Mode::read);
    if (!txn) break;
    readers.push_back(std::move(*txn));
  }
  tell(pipe, readers.size() > 100 ? 'f' : 'n');
  for (;;) pause();  // with all of them open
}

SourceRange nth_range(std::uint64_t batch) {
  const auto start = static_cast<std::int64_t>(batch);
  return range_of("t", 0, start, start + 1, 1000);
}

/// One batch with 100 entries of its own.
Result<BatchId> prepare_batch(SeenStore& store, std::uint64_t batch) {
  for (std::uint64_t i = 0; i < 100; ++i) store.stage(seen(batch * 1000 + i, 1000));
  const SourceRange range = nth_range(batch);
  return store.prepare({&range, 1}, never, false);
}

TEST(Readers, KilledOnesDoNotKeepTheStoreFromReadingAndWriting) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(succeeded(prepare_batch(*store, 0)));
  store->settle();
  for (std::uint64_t round = 1; round <= 3; ++round) {
    Child readers([&](int pipe) { read_until_full(directory.path(), pipe); });
    ASSERT_EQ(readers.told(), 'f');
    readers.kill();
    EXPECT_TRUE(succeeded(inspect(directory.path())));
    ASSERT_TRUE(succeeded(prepare_batch(*store, round)));
    EXPECT_GT(store->stats().used_bytes, 0U);
    store->settle();
  }
  EXPECT_EQ(store->stats().live_entries, 400U);
}

TEST(Readers, KilledOnesAreNoHindranceToAViewFromAnotherProcess) {
  const TemporaryDirectory directory;
  Child writer([&](int pipe) {
    const auto store = SeenStore::open(options_for(directory.path()));
    tell(pipe, store && prepare_batch(**store, 0) ? 'y' : 'n');
    for (;;) pause();
  });
  ASSERT_EQ(writer.told(), 'y');
  Child readers([&](int pipe) { read_until_full(directory.path(), pipe); });
  ASSERT_EQ(readers.told(), 'f');
  readers.kill();
  const auto found = lookup(directory.path(), digest_of(1));
  ASSERT_TRUE(succeeded(found));
  EXPECT_EQ(found->size(), 1U);
}

TEST(Readers, ThatLiveAndFillTheTableDoNotStopTheWriter) {
  const TemporaryDirectory directory;
  const auto store = open_or_fail(options_for(directory.path()));
  const Child readers([&](int pipe) { read_until_full(directory.path(), pipe); });
  ASSERT_EQ(readers.told(), 'f');
  for (std::uint64_t batch = 0; batch < 5; ++batch) {
    ASSERT_TRUE(succeeded(prepare_batch(*store, batch)));
    store->settle();
  }
  EXPECT_EQ(store->stats().live_entries, 500U);
  EXPECT_GT(store->stats().used_bytes, 0U);
  const auto facts = inspect(directory.path());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().exit, Exit::try_again);
}

/// Gives all places of a process in LMDB's table of readers to another one. In a child: closing lock.mdb in a process
/// that has the environment open would drop its locks.
void take_places_away(const fs::path& directory, pid_t pid, int pipe) {
  constexpr std::size_t place_bytes = 64;  // struct MDB_reader: the transaction in 8 bytes, the process in 4
  constexpr std::size_t pid_at = 8;
  std::string table = contents_of(directory).at("lock.mdb");
  std::fstream file(directory / "lock.mdb", std::ios::binary | std::ios::in | std::ios::out);
  char taken = 'n';
  for (std::size_t at = 0; at + place_bytes <= table.size(); at += place_bytes) {
    pid_t owner = 0;
    std::uint64_t transaction = 0;
    std::memcpy(&transaction, table.data() + at, sizeof transaction);
    std::memcpy(&owner, table.data() + at + pid_at, sizeof owner);
    if (owner != pid || transaction != ~std::uint64_t{0}) continue;
    const pid_t another = 1;
    file.seekp(static_cast<std::streamoff>(at + pid_at));
    file.write(reinterpret_cast<const char*>(&another), sizeof another);
    taken = 'y';
  }
  file.flush();
  tell(pipe, taken);
}

TEST(Readers, AStoreThatCannotReadBackItsCommitWritesNothingMoreAndRollsNoSettledBatchBack) {
  const TemporaryDirectory directory;
  auto store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(succeeded(prepare_batch(*store, 0)));
  store->settle();
  Child thief([&, pid = getpid()](int pipe) { take_places_away(directory.path(), pid, pipe); });
  ASSERT_EQ(thief.told(), 'y');
  thief.kill();  // it has a copy of the owner's lock

  const auto prepared = prepare_batch(*store, 1);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().action, Action::stop);
  EXPECT_FALSE(store->undecided());
  EXPECT_TRUE(succeeded(store->roll_back())) << "nothing to roll back";
  EXPECT_TRUE(store->find(digest_of(0), 1000)) << "of the settled batch";
  EXPECT_FALSE(store->close_clean()) << "that would settle what is undecided";
  const auto again = prepare_batch(*store, 2);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().action, Action::stop);
  store.reset();

  store = open_or_fail(options_for(directory.path()));
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->undecided());
  EXPECT_EQ(store->undecided()->id.sequence, 2U);
  EXPECT_EQ(store->stats().live_entries, 200U);
  EXPECT_TRUE(succeeded(store->roll_back()));
  EXPECT_EQ(store->stats().live_entries, 100U);
  EXPECT_TRUE(store->find(digest_of(0), 1000));
}

}  // namespace
}  // namespace firstseen::store::test
