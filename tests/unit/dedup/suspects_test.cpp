#include "dedup/suspects.h"

#include <gtest/gtest.h>

#include <vector>

namespace firstseen::dedup {
namespace {

const TopicPartition tp{"t", 0};

kafka::DeliveryFailure failure(std::int64_t offset, bool alone) { return {{tp, offset}, true, alone, "too large"}; }

/// What the broker does: a produce batch that holds a culprit fails as a whole.
std::vector<kafka::DeliveryFailure> produce(const std::vector<std::int64_t>& batch,
                                            const std::set<std::int64_t>& culprits) {
  bool fails = false;
  for (const std::int64_t offset : batch) fails = fails || culprits.contains(offset);
  std::vector<kafka::DeliveryFailure> failures;
  if (!fails) return failures;
  for (const std::int64_t offset : batch) failures.push_back(failure(offset, false));
  return failures;
}

TEST(Suspects, AFailureThatNamesItsMessageCondemnsItAtOnce) {
  Suspects suspects;
  EXPECT_TRUE(suspects.learn(std::vector{failure(7, true)}));
  ASSERT_NE(suspects.condemned({tp, 7}), nullptr);
  EXPECT_EQ(suspects.condemned({tp, 7})->failures, 1);
  EXPECT_EQ(suspects.condemned({tp, 8}), nullptr);
  suspects.learn(std::vector{failure(7, true)});
  EXPECT_EQ(suspects.condemned({tp, 7})->failures, 2);
}

TEST(Suspects, APassingFaultCondemnsNobody) {
  Suspects suspects;
  EXPECT_FALSE(suspects.learn(std::vector{kafka::DeliveryFailure{{tp, 7}, false, true, "timed out"}}));
  EXPECT_TRUE(suspects.empty());
}

TEST(Suspects, HalvingFindsExactlyTheCulpritsAndNeverAnInnocent) {
  const std::set<std::int64_t> culprits{3, 17, 18, 63};
  Suspects suspects;
  std::set<std::int64_t> condemned;
  std::int64_t next = 0;
  int batches = 0;
  while (next < 64) {
    ASSERT_LT(++batches, 200) << "it does not end";
    std::vector<std::int64_t> published;
    std::size_t held = 0;
    std::int64_t end = next;
    for (; end < 64 && end - next < 20; ++end) {
      const Position position{tp, end};
      if (!suspects.fits(position, static_cast<std::size_t>(end - next), held)) break;
      if (suspects.is_suspect(position)) ++held;
      if (suspects.condemned(position) != nullptr) {
        condemned.insert(end);  // takes the rejects route
      } else {
        published.push_back(end);
      }
    }
    ASSERT_GT(end, next) << "a batch must take something";
    const auto failures = produce(published, culprits);
    if (failures.empty()) {
      suspects.acquit(tp, end);
      next = end;
    } else {
      suspects.learn(failures);
    }
  }
  EXPECT_EQ(condemned, culprits);
  EXPECT_TRUE(suspects.empty());
}

}  // namespace
}  // namespace firstseen::dedup
