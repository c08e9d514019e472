// Both ways of looking at a line must agree: the plain one is what other processors use.
#include "store/index_line.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace firstseen::store::test {
namespace {

TEST(IndexLine, CountsTheSlotsOfEveryMask) {
  for (SlotMask mask = 0; mask <= all_slots; ++mask) {
    ASSERT_EQ(count_slots(mask), static_cast<unsigned int>(std::popcount(mask))) << mask;
  }
}

#if defined(__SSE2__)
namespace simd = sse2;  // also in a build whose index takes the plain way
#else
namespace simd = plain;
#endif

TEST(IndexLine, IsSearchedThePlainWayWhereTheBuildOrTheProcessorAsksForIt) {
#if defined(FIRSTSEEN_PLAIN_INDEX)
  constexpr bool asked = true;
#else
  constexpr bool asked = false;
#endif
  EXPECT_EQ(fastest::name, asked ? plain::name : simd::name);
  EXPECT_EQ(plain::name, "plain");
}

TEST(IndexLine, EveryWayFindsTheSameFingerprints) {
  std::mt19937_64 random(1);  // NOLINT(cert-msc*): the same lines in every run
  for (int round = 0; round < 100'000; ++round) {
    IndexLine line;
    for (std::size_t i = 0; i < IndexLine::slots; ++i) line.fingerprints[i] = static_cast<std::uint16_t>(random() % 4);
    const auto wanted = static_cast<std::uint16_t>(random() % 4);
    SlotMask expected = 0;
    for (std::size_t i = 0; i < IndexLine::slots; ++i) {
      if (line.fingerprints[i] == wanted) expected |= 1U << i;
    }
    ASSERT_EQ(plain::slots_with(line, wanted), expected);
    ASSERT_EQ(simd::slots_with(line, wanted), expected);
  }
}

TEST(IndexLine, EveryWayFindsTheSameLiveSlotsAlsoAcrossTheWrap) {
  std::mt19937_64 random(2);  // NOLINT(cert-msc*): the same lines in every run
  for (int round = 0; round < 100'000; ++round) {
    const auto head = static_cast<LogPosition>(random());
    const LiveRange live{head, static_cast<LogPosition>(random() >> (32 + random() % 32))};
    IndexLine line;
    SlotMask expected = 0;
    for (std::size_t i = 0; i < IndexLine::slots; ++i) {
      const LogPosition near_an_end = random() % 2 == 0 ? head : head + live.length;
      line.positions[i] = near_an_end + static_cast<LogPosition>(random() % 5) - 2;
      if (line.positions[i] - head < live.length) expected |= 1U << i;
    }
    ASSERT_EQ(plain::live_slots(line, live), expected);
    ASSERT_EQ(simd::live_slots(line, live), expected);
  }
}

}  // namespace
}  // namespace firstseen::store::test
