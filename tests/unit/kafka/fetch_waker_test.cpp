#include "kafka/fetch_waker.h"

#include <gtest/gtest.h>

namespace firstseen::kafka {

namespace {
constexpr std::uint64_t message_bytes = 100;
}

TEST(SleepingFetcher, IsWokenOnceWhenAFullQueueIsHalfEmpty) {
  SleepingFetcher fetcher(1000, 1U << 30U);
  EXPECT_FALSE(fetcher.to_be_woken(100, 100 * message_bytes, 900));
  EXPECT_FALSE(fetcher.to_be_woken(300, 300 * message_bytes, 600));
  EXPECT_TRUE(fetcher.to_be_woken(200, 200 * message_bytes, 400));
  EXPECT_FALSE(fetcher.to_be_woken(200, 200 * message_bytes, 200));
  EXPECT_FALSE(fetcher.to_be_woken(800, 800 * message_bytes, 900)) << "it has filled the queue again";
  EXPECT_TRUE(fetcher.to_be_woken(400, 400 * message_bytes, 500));
}

TEST(SleepingFetcher, IsWokenAlsoWhenOneTakeHasMadeAFullQueueHalfEmpty) {
  SleepingFetcher fetcher(1000, 1U << 30U);
  EXPECT_TRUE(fetcher.to_be_woken(600, 600 * message_bytes, 450)) << "nobody has looked while it was full";
  EXPECT_FALSE(fetcher.to_be_woken(400, 400 * message_bytes, 50)) << "it was not full again";
}

TEST(SleepingFetcher, IsLeftAloneWhileItsQueueIsNeverFull) {
  SleepingFetcher fetcher(1000, 1U << 30U);
  for (const std::size_t queued : {500U, 0U, 600U, 0U, 100U}) {
    EXPECT_FALSE(fetcher.to_be_woken(100, 100 * message_bytes, queued)) << queued;
  }
}

TEST(SleepingFetcher, AQueueIsFullAlsoByItsBytes) {
  SleepingFetcher fetcher(1'000'000, 100 * message_bytes);
  EXPECT_FALSE(fetcher.to_be_woken(10, 10 * message_bytes, 95));
  EXPECT_TRUE(fetcher.to_be_woken(60, 60 * message_bytes, 35));
}

TEST(SleepingFetcher, NeverSleepsWithoutBounds) {
  SleepingFetcher fetcher;
  EXPECT_FALSE(fetcher.to_be_woken(10, 10 * message_bytes, 1'000'000));
  EXPECT_FALSE(fetcher.to_be_woken(10, 10 * message_bytes, 0));
}

}  // namespace firstseen::kafka
