#include <sys/wait.h>

#include <csignal>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

/// What the child tells after each step, through a pipe.
struct Acknowledgement {
  enum Step : std::uint32_t { prepared, settled, rolled_back } step = prepared;
  std::uint64_t sequence = 0;
};

/// What batch `sequence` holds follows from its number alone.
std::uint64_t entries_of(std::uint64_t sequence) { return sequence * 37 % 150; }
bool stands(std::uint64_t sequence) { return sequence % 3 != 0; }

/// Every third key is another window's, if there are several.
std::uint8_t window_of(std::uint64_t key, std::size_t windows) {
  return static_cast<std::uint8_t>(windows == 0 ? 0 : key % windows);
}

/// Where the child kills itself; the parent may kill it anywhere before.
struct KillAt {
  Acknowledgement::Step step = Acknowledgement::prepared;
  std::uint64_t sequence = 0;
};

void acknowledge(int pipe, Acknowledgement::Step step, std::uint64_t sequence, const KillAt& kill_at) {
  if (kill_at.step == step && kill_at.sequence == sequence) kill(getpid(), SIGKILL);
  const Acknowledgement message{step, sequence};
  if (write(pipe, &message, sizeof message) != sizeof message) _exit(3);
}

[[noreturn]] void child_main(const OpenOptions& options, int pipe, const KillAt& kill_at) {
  auto opened = SeenStore::open(options);
  if (!opened) _exit(4);
  SeenStore& store = **opened;
  if (store.undecided()) store.settle();  // the parent has rolled back what does not stand
  for (;;) {
    const std::uint64_t sequence = store.next_batch().sequence;
    for (std::uint64_t i = 0; i < entries_of(sequence); ++i) {
      Entry entry = seen(sequence * 1000 + i, 1000);
      entry.window = window_of(sequence * 1000 + i, options.windows.size());
      store.stage(entry);
    }
    const auto known = store.partitions().find({"t", 0});
    const std::int64_t start = known == store.partitions().end() ? 0 : known->second.next_offset;
    const SourceRange range = range_of("t", 0, start, start + static_cast<std::int64_t>(sequence));
    if (!store.prepare({&range, 1}, never, false)) _exit(5);
    acknowledge(pipe, Acknowledgement::prepared, sequence, kill_at);
    if (stands(sequence)) {
      store.settle();
      acknowledge(pipe, Acknowledgement::settled, sequence, kill_at);
    } else {
      if (!store.roll_back()) _exit(6);
      acknowledge(pipe, Acknowledgement::rolled_back, sequence, kill_at);
    }
  }
}

/// Runs children on one store and kills them; knows from their acknowledgements what the store must hold.
class KillRun {
 public:
  KillRun(Durability durability, std::uint64_t seed, std::vector<Window> windows = {}) : random_(seed) {
    options_ = options_for(directory_.path());
    options_.windows = std::move(windows);
    options_.durability = durability;
    options_.ttl = Millis{1'000'000};
  }

  void round() {
    const bool at_step = random_() % 2 == 0;
    KillAt kill_at;
    if (at_step) {
      kill_at.sequence = last_sequence_ + 1 + random_() % 12;
      kill_at.step = random_() % 2 == 0         ? Acknowledgement::prepared
                     : stands(kill_at.sequence) ? Acknowledgement::settled
                                                : Acknowledgement::rolled_back;
    }
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) child_main(options_, ends[1], kill_at);
    close(ends[1]);
    const std::uint64_t wanted = at_step ? ~0ULL : random_() % 40;
    for (std::uint64_t i = 0; i < wanted && read_one(ends[0]); ++i) continue;
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child failed by itself: " << status;
    while (read_one(ends[0])) continue;  // what it said before it died
    close(ends[0]);
    check();
  }

 private:
  bool read_one(int pipe) {
    Acknowledgement message;
    if (read(pipe, &message, sizeof message) != sizeof message) return false;
    last_sequence_ = message.sequence;
    if (message.step == Acknowledgement::rolled_back) {
      held_.erase(message.sequence);
    } else {
      held_.insert(message.sequence);
    }
    decided_ = message.step != Acknowledgement::prepared;
    return true;
  }

  void check() {
    const auto store = open_or_fail(options_);
    ASSERT_TRUE(store);
    const auto undecided = store->undecided();
    // Killed between a commit and its acknowledgement: the next batch may be there, or the last one gone.
    const std::uint64_t given = store->next_batch().sequence - 1;
    ASSERT_LE(given, last_sequence_ + 1);
    if (given == last_sequence_ + 1 && undecided && undecided->id.sequence == given) {
      held_.insert(given);
      decided_ = false;
    } else if (given == last_sequence_ + 1) {
      ADD_FAILURE() << "a prepare whose end was not even acknowledged is decided";
    } else if (!decided_ && !undecided) {
      EXPECT_FALSE(stands(last_sequence_)) << "only a rollback ends a batch on disk";
      held_.erase(last_sequence_);
    }
    last_sequence_ = given;
    if (!decided_ && held_.contains(given)) {
      ASSERT_TRUE(undecided);
      EXPECT_EQ(undecided->id.sequence, given);
    }
    compare(*store);
    if (undecided && !stands(undecided->id.sequence)) {
      ASSERT_TRUE(succeeded(store->roll_back()));
      held_.erase(undecided->id.sequence);
      compare(*store);
    }
    decided_ = true;
  }

  void compare(const SeenStore& store) {
    std::uint64_t entries = 0;
    std::int64_t next_offset = 0;
    for (const std::uint64_t sequence : held_) {
      entries += entries_of(sequence);
      next_offset += static_cast<std::int64_t>(sequence);
      for (std::uint64_t i = 0; i < entries_of(sequence); ++i) {
        const std::uint64_t key = sequence * 1000 + i;
        const std::uint8_t window = window_of(key, options_.windows.size());
        ASSERT_TRUE(store.find(digest_of(key), 1000, window)) << sequence << " " << i;
      }
    }
    EXPECT_EQ(store.stats().live_entries, entries) << "exactly those";
    const auto known = store.partitions().find({"t", 0});
    EXPECT_EQ(known == store.partitions().end() ? 0 : known->second.next_offset, next_offset);
  }

  std::mt19937_64 random_;
  TemporaryDirectory directory_;
  OpenOptions options_;
  std::set<std::uint64_t> held_;
  std::uint64_t last_sequence_ = 0;
  bool decided_ = true;
};

TEST(KillMinusNine, TheStoreHoldsExactlyThePreparedBatchesWithPowerLossDurability) {
  KillRun run(Durability::power_loss, 1);
  for (int i = 0; i < 60 && !HasFailure(); ++i) run.round();
}

TEST(KillMinusNine, TheStoreHoldsExactlyThePreparedBatchesWithoutSync) {
  KillRun run(Durability::process_crash, 2);
  for (int i = 0; i < 60 && !HasFailure(); ++i) run.round();
}

TEST(KillMinusNine, AllWindowsTogetherHoldExactlyThePreparedBatches) {
  for (const Durability durability : {Durability::power_loss, Durability::process_crash}) {
    KillRun run(durability, 3, {{"a", Millis{1'000'000}}, {"b", Millis{2'000'000}}, {"c", Millis{3'000'000}}});
    for (int i = 0; i < 60 && !HasFailure(); ++i) run.round();
  }
}

}  // namespace
}  // namespace firstseen::store::test
