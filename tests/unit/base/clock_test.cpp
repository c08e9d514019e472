#include "base/clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace firstseen {
namespace {

constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();

TEST(Clock, ATimeAfterAnotherNeverComesBeforeIt) {
  EXPECT_EQ(time_after(1'700'000'000'000, Millis{5}), 1'700'000'000'005);
  EXPECT_EQ(time_after(last - 5, Millis{5}), last);
  EXPECT_EQ(time_after(1, Millis::max()), last);
  EXPECT_EQ(time_after(last, Millis::max()), last);
}

}  // namespace
}  // namespace firstseen
