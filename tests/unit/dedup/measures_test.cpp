#include "dedup/measures.h"

#include <gtest/gtest.h>

namespace firstseen::dedup {
namespace {

TEST(Measures, TakeOneValueOfEachStepPerBatch) {
  Measures measures;
  StepTimes times;
  times[BatchStep::prepare] = 3'000'000;
  times[BatchStep::commit] = 2'000'000'000;
  measures.settle(times, {}, 0);
  measures.settle(times, {}, 0);
  for (const Histogram& step : measures.steps) EXPECT_EQ(step.count(), 2U);
  EXPECT_DOUBLE_EQ(measures.steps[static_cast<std::size_t>(BatchStep::prepare)].sum(), 0.006);
  EXPECT_DOUBLE_EQ(measures.steps[static_cast<std::size_t>(BatchStep::commit)].sum(), 4);
  EXPECT_EQ(measures.steps[static_cast<std::size_t>(BatchStep::derive)].sum(), 0);
}

TEST(Measures, TakeTheLatencyOfEveryMessageFromItsTimestampToTheCommit) {
  Measures measures;
  Timestamps timestamps;
  for (const std::int64_t at : {1'000, 1'000, 1'000, 4'000, 1'000}) timestamps.add(at);
  measures.settle({}, timestamps, 5'000);
  EXPECT_EQ(measures.latency.count(), 5U);
  EXPECT_DOUBLE_EQ(measures.latency.sum(), 4 * 4 + 1);
  EXPECT_EQ(measures.latency.bound_of(0.2), 1.0);
  EXPECT_EQ(measures.latency.bound_of(1), 5.0);
}

TEST(Measures, LeaveOutMessagesWithoutATimestampAndTakeThoseFromTheFutureForNew) {
  Measures measures;
  Timestamps timestamps;
  for (const std::int64_t at : {-1, 0, 9'000}) timestamps.add(at);
  measures.settle({}, timestamps, 5'000);
  EXPECT_EQ(measures.latency.count(), 1U);
  EXPECT_EQ(measures.latency.sum(), 0);
}

TEST(Timestamps, OfMessagesWithTheSameOneAreOneRun) {
  Timestamps timestamps;
  for (int message = 0; message < 1'000; ++message) timestamps.add(7);
  ASSERT_EQ(timestamps.runs().size(), 1U);
  EXPECT_EQ(timestamps.runs()[0].messages, 1'000U);
  timestamps.clear();
  EXPECT_TRUE(timestamps.runs().empty());
}

}  // namespace
}  // namespace firstseen::dedup
