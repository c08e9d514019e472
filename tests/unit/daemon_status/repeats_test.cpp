#include "repeats.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "log_subject.h"

namespace firstseen {
namespace {

class SetClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return now_ms; }
  [[nodiscard]] std::int64_t steady_ms() const override { return now_ms; }
  std::int64_t now_ms = 5'000;
};

class LogRepeats : public testing::Test {
 protected:
  void later(std::int64_t ms) {
    clock_.now_ms += ms;
    repeats_.tell_due();
  }
  /// What has been logged since the last call.
  std::vector<std::string> logged() { return std::exchange(lines_, {}); }

  SetClock clock_;
  std::vector<std::string> lines_;
  Repeats repeats_{clock_, [this](LogLevel, const std::string& text) { lines_.push_back(text); }};
};

using Lines = std::vector<std::string>;

TEST_F(LogRepeats, OfAFailureThatLastsComeOnceAMinuteWithTheirTimeAndNumber) {
  Lines all;
  for (int second = 0; second < 600; second += 5, later(5'000)) {
    repeats_.log(LogLevel::warning, "no space left; trying again in " + std::to_string(100 + second) + " ms");
  }
  all = logged();
  ASSERT_EQ(all.size(), 11U);
  EXPECT_EQ(all[0], "no space left; trying again in 100 ms");
  EXPECT_EQ(all[1], "no space left; trying again in 155 ms [held back since 1970-01-01T00:01:00.000Z, the last of 11]");
}

TEST_F(LogRepeats, TheFirstOfEachIsLoggedAtOnce) {
  repeats_.log(LogLevel::error, "orders [0] offset 17 is rejected");
  repeats_.log(LogLevel::error, "orders [1] offset 17 is rejected");
  repeats_.log(LogLevel::error, "running; 2 partitions");
  repeats_.log(LogLevel::warning, "running; 2 partitions");
  EXPECT_EQ(logged().size(), 4U) << "other partitions, or another level";
}

TEST_F(LogRepeats, TheLastWordOfWhatFlapsIsTheStateAtTheEnd) {
  for (int turn = 0; turn < 3; ++turn, later(5'000)) {
    repeats_.log(LogLevel::warning, "paused: no space left");
    repeats_.log(LogLevel::info, "running");
  }
  EXPECT_EQ(logged(), (Lines{"paused: no space left", "running", "running", "running"}));
  later(Repeats::interval.count());
  EXPECT_EQ(logged(), Lines{"paused: no space left [held back since 1970-01-01T00:00:15.000Z, the last of 2]"});
  later(Repeats::interval.count());
  EXPECT_EQ(logged(), Lines{}) << "it is over";
  repeats_.log(LogLevel::warning, "paused: no space left");
  EXPECT_EQ(logged(), Lines{"paused: no space left"});
}

TEST_F(LogRepeats, WhatWasHeldBackIsToldBeforeTheEnd) {
  const std::string told = "refused [held back since 1970-01-01T00:00:05.000Z, the last of 1]";
  repeats_.log(LogLevel::error, "refused");
  repeats_.log(LogLevel::error, "refused");
  EXPECT_EQ(logged(), Lines{"refused"});
  repeats_.tell_all();
  EXPECT_EQ(logged(), Lines{told});
  repeats_.log(LogLevel::error, "refused");
  EXPECT_EQ(logged(), Lines{"refused"}) << "the first one again";
  {
    Repeats ended(clock_, [this](LogLevel, const std::string& text) { lines_.push_back(text); });
    for (int turn = 0; turn < 2; ++turn) ended.log(LogLevel::error, "refused");
  }
  EXPECT_EQ(logged(), (Lines{"refused", told}));
}

TEST_F(LogRepeats, LinesThatTellOfNoFailureAreAllLogged) {
  for (int turn = 0; turn < 3; ++turn) repeats_.log(LogLevel::debug, "fetch");
  for (int turn = 0; turn < 3; ++turn) repeats_.log(LogLevel::info, "SIGHUP: reading the configuration again");
  EXPECT_EQ(logged().size(), 6U);
}

TEST(LogSubject, LeavesOutDurationsAndNothingElse) {
  const auto same = [](const std::string& a, const std::string& b) {
    return log_subject(LogLevel::warning, a) == log_subject(LogLevel::warning, b);
  };
  EXPECT_TRUE(same("trying again in 100 ms", "trying again in 5000 ms"));
  EXPECT_TRUE(same("refused (after 0ms in state CONNECT)", "refused (after 12ms in state CONNECT)"));
  EXPECT_TRUE(same("it covers 3h", "it covers 2h59m"));
  EXPECT_TRUE(same("waited 10.5 s for it", "waited 1,011.2 s for it"));
  EXPECT_TRUE(same("x [7 similar lines were held back]", "x [8 similar lines were held back]"));
  EXPECT_FALSE(same("orders [1] stopped", "orders [2] stopped"));
  EXPECT_FALSE(same("offset 1 is rejected", "offset 2 is rejected"));
  EXPECT_FALSE(same("topic a1s", "topic a2s"));
  EXPECT_FALSE(same("status 1 message", "status 2 message"));
  EXPECT_FALSE(same("7", "8"));
  EXPECT_FALSE(same("clicks-1h[0] cannot be read", "clicks-1d[0] cannot be read"));
  EXPECT_FALSE(same("1h.clicks is missing", "1d.clicks is missing"));
  EXPECT_FALSE(same("1h-clicks is missing", "1d-clicks is missing"));
  EXPECT_FALSE(same("agg_5m does not exist", "agg_1h does not exist"));
  EXPECT_FALSE(same("kafka-1.d1.example refused", "kafka-2.d1.example refused"));
  EXPECT_FALSE(same("/data/1d/slot-0 is full", "/data/1h/slot-0 is full"));
}

}  // namespace
}  // namespace firstseen
