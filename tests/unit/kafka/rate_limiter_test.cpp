#include "kafka/rate_limiter.h"

#include <gtest/gtest.h>

namespace firstseen::kafka {

TEST(RateLimiter, LetsOneEventThroughPerSubjectAndIntervalAndCountsTheRest) {
  const RateLimiter::TimePoint start;
  RateLimiter limiter(std::chrono::seconds(10));
  EXPECT_EQ(limiter.admit("a", start), 0U);
  EXPECT_EQ(limiter.admit("a", start + std::chrono::seconds(1)), std::nullopt);
  EXPECT_EQ(limiter.admit("b", start + std::chrono::seconds(1)), 0U);
  EXPECT_EQ(limiter.admit("a", start + std::chrono::seconds(9)), std::nullopt);
  EXPECT_EQ(limiter.admit("a", start + std::chrono::seconds(10)), 2U);
  EXPECT_EQ(limiter.admit("a", start + std::chrono::seconds(20)), 0U);
}

}  // namespace firstseen::kafka
