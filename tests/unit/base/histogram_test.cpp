#include "base/histogram.h"

#include <gtest/gtest.h>

#include <vector>

namespace firstseen {
namespace {

constexpr std::array<double, 3> bounds{1, 5, 10};

std::vector<std::uint64_t> counts(const Histogram& histogram) {
  return {histogram.counts().begin(), histogram.counts().end()};
}

TEST(Histogram, AnObservationOnABoundBelongsToItsBucketAndOneBeyondTheLastToOneMore) {
  Histogram histogram(bounds);
  for (const double value : {0.0, 1.0, 1.5, 5.0, 10.0, 10.5, 1000.0}) histogram.observe(value);
  EXPECT_EQ(counts(histogram), (std::vector<std::uint64_t>{2, 2, 1, 2}));
  EXPECT_EQ(histogram.count(), 7U);
  EXPECT_EQ(histogram.sum(), 1028.0);
}

TEST(Histogram, CountsTheSameInAnyOrder) {
  const std::vector<double> values{0, 1, 1, 2, 5, 6, 10, 11, 0.5, 10, 3};
  Histogram forward(bounds);
  for (const double value : values) forward.observe(value);
  Histogram backward(bounds);
  for (auto value = values.rbegin(); value != values.rend(); ++value) backward.observe(*value);
  EXPECT_EQ(counts(forward), counts(backward));
  EXPECT_EQ(forward.count(), values.size());
}

TEST(Histogram, SeveralEqualObservationsAreCountedAtOnce) {
  Histogram histogram(bounds);
  histogram.observe(3, 4'000'000'000);
  histogram.observe(3, 4'000'000'000);
  EXPECT_EQ(histogram.count(), 8'000'000'000U);
  EXPECT_EQ(histogram.sum(), 24e9);
}

TEST(Histogram, SaysWhichBoundAShareOfTheObservationsDoesNotExceed) {
  Histogram histogram(bounds);
  EXPECT_EQ(histogram.bound_of(0.99), std::nullopt) << "there are none";
  histogram.observe(3, 98);
  histogram.observe(7);
  EXPECT_EQ(histogram.bound_of(0.5), 5.0);
  EXPECT_EQ(histogram.bound_of(1), 10.0);
  histogram.observe(11);
  EXPECT_EQ(histogram.bound_of(0.99), 10.0);
  EXPECT_EQ(histogram.bound_of(1), std::nullopt) << "beyond the last bound";
}

TEST(Histogram, HasNoMoreBoundsThanItHasRoomFor) {
  const std::vector<double> many(Histogram::most_bounds + 5, 1.0);
  EXPECT_EQ(Histogram(many).bounds().size(), Histogram::most_bounds);
}

}  // namespace
}  // namespace firstseen
