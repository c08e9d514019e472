#include "base/time_text.h"

#include <gtest/gtest.h>

namespace firstseen {
namespace {

TEST(TimeText, IsUtcWithMilliseconds) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(1'800'000'000'007), "2027-01-15T08:00:00.007Z");
}

TEST(TimeText, OfNoTimeIsADash) { EXPECT_EQ(format_time(-1), "-"); }

}  // namespace
}  // namespace firstseen
