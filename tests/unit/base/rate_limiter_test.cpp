#include "base/rate_limiter.h"

#include <gtest/gtest.h>

#include <chrono>

namespace firstseen {

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

TEST(RateLimiter, TellsWhatItHeldBackWhenTheIntervalIsOverAndNothingTwice) {
  const RateLimiter::TimePoint start;
  RateLimiter limiter(std::chrono::seconds(10));
  limiter.admit("a", start);
  limiter.admit("a", start + std::chrono::seconds(3));
  limiter.admit("once", start);
  EXPECT_TRUE(limiter.end_intervals(start + std::chrono::seconds(9)).empty());
  const auto ended = limiter.end_intervals(start + std::chrono::seconds(10));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].subject, "a");
  EXPECT_EQ(ended[0].events, 1U);
  EXPECT_EQ(limiter.admit("a", start + std::chrono::seconds(11)), std::nullopt) << "the next interval";
  EXPECT_EQ(limiter.admit("once", start + std::chrono::seconds(11)), 0U);
  EXPECT_EQ(limiter.end_intervals(start + std::chrono::seconds(20)).size(), 1U);
  EXPECT_TRUE(limiter.end_intervals(start + std::chrono::seconds(40)).empty());
}

}  // namespace firstseen
