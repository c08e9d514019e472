#include "store/position_index.h"

#include <algorithm>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

constexpr std::uint64_t secret = 99;

std::vector<LogPosition> candidates(const PositionIndex& index, const Digest& digest, LiveRange live) {
  std::vector<LogPosition> found;
  index.for_each_candidate(keyed_hash(digest, secret), live, [&](LogPosition position) { found.push_back(position); });
  return found;
}

bool finds(const PositionIndex& index, const Digest& digest, LogPosition position, LiveRange live) {
  const auto found = candidates(index, digest, live);
  return std::find(found.begin(), found.end(), position) != found.end();
}

TEST(PositionIndex, EveryLiveEntryIsFoundAndFalseCandidatesAreRare) {
  constexpr std::uint32_t count = 100'000;
  PositionIndex index(count);
  const LiveRange live{0, count};
  for (std::uint32_t i = 0; i < count; ++i) index.insert(keyed_hash(digest_of(i), secret), i, live);
  for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(finds(index, digest_of(i), i, live));
  std::size_t strangers = 0;
  for (std::uint32_t i = 0; i < count; ++i) strangers += candidates(index, digest_of(count + i), live).size();
  EXPECT_LT(strangers, count / 1000);
  EXPECT_LT(static_cast<double>(index.memory_bytes()) / count, 9.0);
  EXPECT_LT(index.overflow_entries(), 100U);
}

TEST(PositionIndex, FilledByFirstLinesWhereTheseHaveRoomHasHardlyAnyEntryAside) {
  constexpr std::uint32_t count = 1'000'000;
  PositionIndex index(count);
  const LiveRange live{0, count};
  std::uint32_t in_first_lines = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const KeyedHash hash = keyed_hash(digest_of(i), secret);
    if (index.insert_first(hash, i, live)) {
      ++in_first_lines;
    } else {
      index.insert(hash, i, live);
    }
  }
  for (std::uint32_t i = 0; i < count; i += 97) ASSERT_TRUE(finds(index, digest_of(i), i, live));
  EXPECT_GT(in_first_lines, count / 2);
  EXPECT_LT(index.overflow_entries(), count / 10'000);
}

TEST(PositionIndex, StaysAsGoodAsFreeOfEntriesAsideWhileOldOnesExpireFromAFullTable) {
  constexpr std::uint32_t count = 300'000;
  PositionIndex index(count);
  for (std::uint32_t i = 0; i < 5 * count; ++i) {
    const LogPosition head = i < count ? 0 : i - count;
    index.insert(keyed_hash(digest_of(i), secret), i, {head, i - head + 1});
  }
  const LiveRange live{4 * count, count};
  index.scrub(1, live);
  index.scrub(0.01, live);  // a new round begins with what is aside
  for (std::uint32_t i = 4 * count; i < 5 * count; i += 31) ASSERT_TRUE(finds(index, digest_of(i), i, live));
  EXPECT_LT(index.overflow_entries(), count / 250);
}

TEST(PositionIndex, BothLinesOfADigestAreInOnePage) {
  constexpr std::uint32_t more_than_two_lines = 2 * IndexLine::slots + 1;
  for (std::uint32_t key = 0; key < 200; ++key) {
    PositionIndex index(100'000);
    for (std::uint32_t i = 0; i < more_than_two_lines; ++i) {
      index.insert(keyed_hash(digest_of(key), secret), i, {0, more_than_two_lines});
    }
    std::vector<std::size_t> used;
    for (std::size_t at = 0; at < index.lines().size(); ++at) {
      if (index.lines()[at].fingerprints[0] != IndexLine::no_fingerprint) used.push_back(at);
    }
    ASSERT_EQ(used.size(), 2U);
    EXPECT_EQ(used[0] / PositionIndex::page_lines, used[1] / PositionIndex::page_lines);
    EXPECT_EQ(index.overflow_entries(), 1U);
  }
}

TEST(PositionIndex, SlotsOutsideTheLiveRangeAreFreeAgain) {
  PositionIndex index(5000);
  const std::size_t before = index.memory_bytes();
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const LogPosition head = i < 4000 ? 0 : i - 4000;
    index.insert(keyed_hash(digest_of(i), secret), i, {head, i - head + 1});
  }
  EXPECT_EQ(index.memory_bytes(), before);
  const LiveRange live{196'000, 4000};
  for (std::uint32_t i = 196'000; i < 200'000; ++i) ASSERT_TRUE(finds(index, digest_of(i), i, live));
  EXPECT_FALSE(finds(index, digest_of(100), 100, live));
}

TEST(PositionIndex, StagingAndDroppingTheSamePositionsForeverLeaksNoSlot) {
  PositionIndex index(2000);
  for (std::uint64_t round = 0; round < 500; ++round) {
    for (std::uint32_t i = 0; i < 1000; ++i)
      index.insert(keyed_hash(digest_of(round * 1000 + i), secret), i, {0, i + 1});
    for (std::uint32_t i = 0; i < 1000; ++i) index.erase(keyed_hash(digest_of(round * 1000 + i), secret), i);
  }
  EXPECT_EQ(index.used_slots(), 0U);
}

TEST(PositionIndex, TheSamePositionOfTheSameDigestIsHeldOnce) {
  PositionIndex index(100);
  for (int i = 0; i < 100; ++i) index.insert_once(keyed_hash(digest_of(1), secret), 5, {0, 10});
  EXPECT_EQ(index.used_slots(), 1U);
}

TEST(PositionIndex, AKeyThatComesAgainAndAgainGoesToTheSideTableAndIsFoundEachTime) {
  PositionIndex index(100'000);
  const LiveRange live{0, 1000};
  for (std::uint32_t i = 0; i < 1000; ++i) index.insert(keyed_hash(digest_of(1), secret), i, live);
  EXPECT_EQ(candidates(index, digest_of(1), live).size(), 1000U);
  EXPECT_FALSE(index.too_small_for(1000)) << "a larger table would not help";
}

TEST(PositionIndex, AScrubOfTheWholeTableRemovesWhatIsDead) {
  PositionIndex index(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) index.insert(keyed_hash(digest_of(i), secret), i, {0, 1000});
  for (int i = 0; i < 10; ++i) index.scrub(0.11, {600, 400});
  EXPECT_EQ(index.used_slots(), 400U);
}

TEST(PositionIndex, PositionsAcrossTheWrapAreLive) {
  PositionIndex index(1000);
  const LiveRange live{0xFFFFFF00U, 0x200};
  index.insert(keyed_hash(digest_of(1), secret), 0xFFFFFFFFU, live);
  index.insert(keyed_hash(digest_of(2), secret), 0x10, live);
  EXPECT_TRUE(finds(index, digest_of(1), 0xFFFFFFFFU, live));
  EXPECT_TRUE(finds(index, digest_of(2), 0x10, live));
  EXPECT_FALSE(finds(index, digest_of(2), 0x10, {0xFFFFFF00U, 0x100}));
}

}  // namespace
}  // namespace firstseen::store::test
