#include "dedup/unassigned.h"

#include <gtest/gtest.h>

namespace firstseen::dedup {
namespace {

constexpr Millis session{45'000};

TEST(UnassignedPatience, IsLongerWhileTheGroupMayWaitForAMemberThatIsGone) {
  EXPECT_EQ(unassigned_patience(true, session, 0), Millis{10'000});
  EXPECT_EQ(unassigned_patience(false, session, 0), session + Millis{15'000});
}

TEST(UnassignedPatience, DoublesWithEachTryUpToTenMinutes) {
  EXPECT_EQ(unassigned_patience(true, session, 1), Millis{20'000});
  EXPECT_EQ(unassigned_patience(true, session, 5), Millis{320'000});
  EXPECT_EQ(unassigned_patience(false, session, 1), Millis{120'000});
  for (const int rejoins : {6, 7, 1'000'000}) {
    EXPECT_EQ(unassigned_patience(true, session, rejoins), Millis{600'000}) << rejoins;
  }
}

TEST(UnassignedPatience, IsNeverShorterThanTheSessionOfAMemberThatIsGone) {
  const Millis hour{3'600'000};
  EXPECT_EQ(unassigned_patience(false, hour, 0), hour + Millis{15'000});
  EXPECT_EQ(unassigned_patience(false, hour, 3), hour + Millis{15'000});
}

}  // namespace
}  // namespace firstseen::dedup
