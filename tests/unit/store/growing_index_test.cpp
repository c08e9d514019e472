#include "store/growing_index.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_map>
#include <vector>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

/// A log of digests by position, as the store has it.
class Log {
 public:
  GrowingIndex index{7, 1000};
  std::vector<Digest> digests;  ///< by position, from 0
  LogPosition head = 0;

  [[nodiscard]] LiveRange live() const { return {head, static_cast<LogPosition>(digests.size()) - head}; }

  void add(std::uint64_t key) {
    index.make_room(live().length + 1, 1, live(), reader());
    digests.push_back(digest_of(key));
    index.insert(index.hash(digests.back()), static_cast<LogPosition>(digests.size() - 1), live());
  }
  void drop_last() {
    index.erase(index.hash(digests.back()), static_cast<LogPosition>(digests.size() - 1));
    digests.pop_back();
  }
  [[nodiscard]] std::size_t times_found(LogPosition position) const {
    std::size_t times = 0;
    index.for_each_candidate(index.hash(digests[position]), live(),
                             [&](LogPosition found) { times += found == position ? 1U : 0U; });
    return times;
  }
  /// Each tenth position is a gap.
  [[nodiscard]] GrowingIndex::DigestsAt reader() const {
    return [this](LogPosition position) -> DigestRun {
      if (position % 10 == 9) return {nullptr, 0, 1};
      return {digests[position].bytes.data(), sizeof(Digest),
              std::min(9 - position % 10, live().head + live().length - position)};
    };
  }
};

TEST(GrowingIndex, FindsEveryLiveEntryAtEveryMomentOfItsGrowth) {
  Log log;
  std::size_t changes = 0;
  bool changing = false;
  for (std::uint64_t key = 0; key < 300'000; ++key) {
    log.add(key);
    changes += log.index.changing_size() && !changing ? 1U : 0U;
    changing = log.index.changing_size();
    if (key % 997 != 0) continue;
    for (auto at = static_cast<LogPosition>(key % 211); at < log.digests.size(); at += 1009) {
      // What the log calls a gap may be lost on the way: the store has nothing there.
      if (at % 10 != 9) {
        ASSERT_GE(log.times_found(at), 1U) << "position " << at << " after " << key;
      }
    }
  }
  EXPECT_GE(changes, 3U);
  EXPECT_LT(log.index.memory_bytes(), 300'000U * 30U);
}

TEST(GrowingIndex, EntriesDroppedAndStagedAgainDuringTheChangeAreHeldOnce) {
  Log log;
  std::uint64_t key = 0;
  while (!log.index.changing_size()) log.add(key++);
  for (int round = 0; round < 20 && log.index.changing_size(); ++round) {
    for (int i = 0; i < 50; ++i) log.drop_last();
    for (int i = 0; i < 50; ++i) log.add(1'000'000 + key++);
  }
  while (log.index.changing_size()) log.add(key++);
  for (LogPosition at = 0; at < log.digests.size(); ++at) {
    if (at % 10 != 9) {
      ASSERT_EQ(log.times_found(at), 1U) << at;
    }
  }
}

TEST(GrowingIndex, AChangeEndsWhenTheHeadOvertakesIt) {
  Log log;
  std::uint64_t key = 0;
  while (!log.index.changing_size()) log.add(key++);
  log.head = static_cast<LogPosition>(log.digests.size()) - 3;
  for (int i = 0; i < 10; ++i) log.add(key++);
  EXPECT_FALSE(log.index.changing_size());
  for (LogPosition at = log.head; at < log.digests.size(); ++at) {
    if (at % 10 != 9) {
      EXPECT_EQ(log.times_found(at), 1U);
    }
  }
}

TEST(GrowingIndex, AChangeEndsWhenTheTailIsCutOffBeforeIt) {
  Log log;
  std::uint64_t key = 0;
  while (!log.index.changing_size()) log.add(key++);
  while (log.digests.size() > 5) log.drop_last();
  for (int i = 0; i < 10; ++i) log.add(key++);
  EXPECT_FALSE(log.index.changing_size());
  for (LogPosition at = 0; at < log.digests.size(); ++at) {
    if (at % 10 != 9) {
      EXPECT_EQ(log.times_found(at), 1U);
    }
  }
}

TEST(GrowingIndex, GapsBehindSmallRecordsDoNotMakeABatchMoveMore) {
  constexpr std::size_t entries = 1'000'000;
  GrowingIndex index(7, 1000);
  index.begin_due_change(entries, {0, 2 * entries});  // half of the positions are gaps
  EXPECT_LE(index.progress().moved_per_entry, 3U);
  EXPECT_GE(index.progress().moved_per_entry, 2U);
}

TEST(GrowingIndex, ANewEntryOfALargeTableMovesAtMostSixOldOnes) {
  constexpr std::size_t entries = 10'000'000;
  GrowingIndex index(7, 1000);
  index.begin_due_change(entries, {0, entries});
  EXPECT_LE(index.progress().moved_per_entry, 6U);
}

TEST(GrowingIndex, AChangeEndsWhenTheLargerTableIsFourFifthsFull) {
  constexpr LogPosition chunk = 256;  // as the store looks keys up
  std::vector<Digest> digests;
  GrowingIndex index(7, 100'000);
  std::size_t changes = 0;
  for (std::size_t tables = 1; changes < 2; tables = index.tables().size()) {
    const LiveRange live{0, static_cast<LogPosition>(digests.size())};
    ASSERT_LT(live.length, 1'000'000U) << "two changes are over long before";
    index.make_room(live.length + chunk, chunk, live, [&](LogPosition at) -> DigestRun {
      return {digests[at].bytes.data(), sizeof(Digest), digests.size() - at};
    });
    if (tables == 2 && index.tables().size() == 1) {
      ++changes;
      const auto slots = static_cast<double>(index.tables().front()->lines().size() * IndexLine::slots);
      EXPECT_LE(static_cast<double>(index.used_slots()), 0.80 * slots);
      EXPECT_GE(static_cast<double>(index.used_slots()), 0.77 * slots);
      EXPECT_LT(index.overflow_entries(), digests.size() / 1000);
    }
    for (LogPosition i = 0; i < chunk; ++i) {
      digests.push_back(digest_of(digests.size()));
      const auto position = static_cast<LogPosition>(digests.size() - 1);
      index.insert(index.hash(digests.back()), position, {0, position + 1});
    }
  }
}

TEST(GrowingIndex, CountsTheMemoryOfItsNextSizeAsItIsPopulated) {
  constexpr std::size_t step_bytes = std::size_t{2} << 20U;
  constexpr std::size_t entries = 4'000'000;
  GrowingIndex index(7, entries / 2);
  const auto make_room = [&](std::size_t added) {
    index.make_room(entries, added, {0, entries}, [](LogPosition) { return DigestRun{nullptr, 0, 1}; });
  };
  const std::size_t before = index.memory_bytes();
  make_room(1);
  EXPECT_TRUE(index.changing_size());
  EXPECT_EQ(index.memory_bytes(), before) << "no page of it is in use yet";
  make_room(1);
  EXPECT_EQ(index.memory_bytes(), before + step_bytes);
  make_room(15'000);
  EXPECT_EQ(index.memory_bytes(), before + 2 * step_bytes);
}

TEST(GrowingIndex, AThreadOfALargeTablesOwnPopulatesItAheadOfTheEntries) {
  constexpr std::size_t bytes = std::size_t{100} << 20U;
  ComingTable table(bytes / sizeof(IndexLine) * 7);
  const std::size_t all = table.bytes();
  ASSERT_GE(all, std::size_t{64} << 20U) << "of which size on it has one";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (table.populated_bytes() < all && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(table.populated_bytes(), all);
  EXPECT_TRUE(table.populate(1));
}

TEST(GrowingIndex, WhoWaitsForALargeTableGetsItWhole) {
  constexpr std::size_t entries = 10'000'000;
  ComingTable coming(entries);
  ASSERT_TRUE(coming.populate(1'000'000));
  PositionIndex table = coming.take();
  EXPECT_EQ(table.used_slots(), 0U);
  const KeyedHash hash = keyed_hash(digest_of(1), 7);
  table.insert(hash, 5, {0, 10});
  EXPECT_EQ(table.used_slots(), 1U);
}

TEST(GrowingIndex, GivesMemoryBackWhenMostEntriesHaveGone) {
  Log log;
  for (std::uint64_t key = 0; key < 600'000; ++key) log.add(key);
  const std::size_t at_its_largest = log.index.memory_bytes();
  log.head = static_cast<LogPosition>(log.digests.size()) - 1000;
  for (std::uint64_t key = 0; key < 40'000; ++key) log.add(1'000'000 + key);
  EXPECT_LT(log.index.memory_bytes(), at_its_largest / 4);
  for (LogPosition at = log.head; at < log.digests.size(); ++at) {
    if (at % 10 != 9) {
      ASSERT_GE(log.times_found(at), 1U) << at;
    }
  }
}

TEST(GrowingIndex, NoStepOfAChangeTouchesMoreThanAFewMegabytesOfNewMemory) {
  IndexMemory memory((std::size_t{9} << 20U) / sizeof(IndexLine));
  EXPECT_EQ(memory.populate_steps(), 5U);
  int steps = 1;
  while (!memory.release_step()) ++steps;
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(memory.bytes(), 0U);
}

}  // namespace
}  // namespace firstseen::store::test
