#include "store/side_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace firstseen::store {
namespace {

std::uint64_t print_of(std::uint64_t key) { return key * 0x9E3779B97F4A7C15ULL; }

std::vector<LogPosition> positions(const SideTable& table, std::uint64_t print) {
  std::vector<LogPosition> found;
  table.for_each(print, [&](LogPosition position) { found.push_back(position); });
  std::ranges::sort(found);
  return found;
}

TEST(SideTable, FindsAllOfAPrintAndNothingOfAnother) {
  SideTable table;
  EXPECT_TRUE(positions(table, print_of(1)).empty()) << "also before anything is added";
  for (LogPosition i = 0; i < 10'000; ++i) table.add(print_of(i), i);
  table.add(print_of(7), 20'000);
  for (LogPosition i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(table.holds(print_of(i), i));
    ASSERT_FALSE(table.holds(print_of(i), i + 1));
  }
  EXPECT_EQ(positions(table, print_of(7)), (std::vector<LogPosition>{7, 20'000}));
  for (LogPosition i = 10'000; i < 20'000; ++i) ASSERT_TRUE(positions(table, print_of(i)).empty());
}

TEST(SideTable, LosesJustWhatIsErased) {
  SideTable table;
  table.add(print_of(1), 5);
  table.add(print_of(1), 6);
  table.add(print_of(2), 7);
  table.erase(print_of(1), 5);
  table.erase(print_of(2), 99);
  table.erase(print_of(3), 1);
  EXPECT_EQ(positions(table, print_of(1)), std::vector<LogPosition>{6});
  EXPECT_EQ(positions(table, print_of(2)), std::vector<LogPosition>{7});
}

TEST(SideTable, KeepsWhatIsLiveWhenTheDeadGo) {
  SideTable table;
  for (LogPosition i = 0; i < 1'000; ++i) table.add(print_of(i), i);
  table.erase_dead({500, 500});
  EXPECT_EQ(table.size(), 500U);
  for (LogPosition i = 0; i < 1'000; ++i) ASSERT_EQ(table.holds(print_of(i), i), i >= 500) << i;
}

TEST(SideTable, IsRidOfTheDeadBeforeItGrows) {
  SideTable table;
  for (LogPosition i = 0; i < 1'000'000; ++i) {
    table.make_room({i - 1'000, 1'000});
    table.add(print_of(i), i);
  }
  EXPECT_LT(table.size(), 5'000U) << "a thousand are live";
  for (LogPosition i = 999'001; i < 1'000'000; ++i) ASSERT_TRUE(table.holds(print_of(i), i)) << i;
}

TEST(SideTable, HoldsWhatAnyRowOfAdditionsAndErasuresLeaves) {
  constexpr std::uint64_t prints = 300;  // so that many positions share one
  SideTable table;
  std::multimap<std::uint64_t, LogPosition> expected;
  std::mt19937_64 random{11};
  LogPosition oldest = 0;
  for (LogPosition i = 0; i < 20'000; ++i) {
    table.add(print_of(i % 7 * random() % prints), i);
    const SideTable::Entry added = table.entries().back();
    expected.emplace(added.print, added.position);
    if (random() % 3 == 0) {
      const auto gone = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % expected.size() / 8));
      table.erase(gone->first, gone->second);
      table.erase(gone->first, gone->second);  // it is not there any more
      expected.erase(gone);
    }
    if (i % 1'000 != 999) continue;
    oldest = i - 900;
    table.erase_dead({oldest, i - oldest + 1});
    std::erase_if(expected, [&](const auto& entry) { return entry.second < oldest; });
    ASSERT_EQ(table.size(), expected.size());
    for (std::uint64_t key = 0; key < prints; ++key) {
      std::vector<LogPosition> held;
      const auto [from, to] = expected.equal_range(print_of(key));
      std::transform(from, to, std::back_inserter(held), [](const auto& entry) { return entry.second; });
      std::ranges::sort(held);
      ASSERT_EQ(positions(table, print_of(key)), held) << i;
    }
  }
}

TEST(SideTable, TakesNoMemoryBeforeItIsNeededAndLittleThen) {
  SideTable table;
  EXPECT_EQ(table.memory_bytes(), 0U);
  for (LogPosition i = 0; i < 100'000; ++i) table.add(print_of(i), i);
  EXPECT_LE(table.memory_bytes(), 44U * 100'000);
}

}  // namespace
}  // namespace firstseen::store
