#include "dedup/hold.h"

#include <gtest/gtest.h>

#include <chrono>

namespace firstseen::dedup {
namespace {

using Answer = std::future<Result<std::string>>;

bool is_there(const Answer& answer) { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

TEST(Hold, IsAnsweredWhenNothingIsInFlight) {
  Hold hold;
  EXPECT_FALSE(hold.asked());
  EXPECT_EQ(hold.release(), "is not paused");
  hold.drained();
  EXPECT_FALSE(hold.status()) << "nobody has asked";
  Answer first = hold.ask("alice", 10);
  EXPECT_TRUE(hold.asked());
  EXPECT_FALSE(is_there(first));
  EXPECT_FALSE(hold.status()->drained);
  hold.drained();
  ASSERT_TRUE(is_there(first));
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(hold.status()->drained);
}

TEST(Hold, IsOfWhoeverAskedFirst) {
  Hold hold;
  Answer first = hold.ask("alice", 10);
  Answer second = hold.ask("bob", 20);
  hold.drained();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  Answer third = hold.ask("bob", 30);
  ASSERT_TRUE(is_there(third)) << "it is drained already";
  EXPECT_NE(third.get()->find("alice"), std::string::npos);
  EXPECT_EQ(hold.status()->by, "alice");
  EXPECT_EQ(hold.status()->since_ms, 10);
}

TEST(Hold, TakenBackBeforeNothingIsInFlightTellsWhoeverWaits) {
  Hold hold;
  Answer waiting = hold.ask("alice", 10);
  EXPECT_EQ(hold.release(), "goes on");
  EXPECT_FALSE(hold.asked());
  EXPECT_FALSE(hold.status());
  ASSERT_TRUE(is_there(waiting));
  const auto answer = waiting.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().exit, Exit::try_again);
  Answer again = hold.ask("bob", 20);
  EXPECT_FALSE(is_there(again)) << "a pause of its own";
  EXPECT_EQ(hold.status()->by, "bob");
}

}  // namespace
}  // namespace firstseen::dedup
