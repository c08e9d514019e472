#include "reporter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/windows_of_rules.h"

namespace firstseen {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

class StandingClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return 0; }
  [[nodiscard]] std::int64_t steady_ms() const override { return 0; }
};

/// A slot whose window is a day, and what is logged of it.
class FullStore : public testing::Test {
 protected:
  FullStore() {
    status_.state = "running";
    status_.configured_window_ms = 24 * hour_ms;
    status_.effective_window_ms = 24 * hour_ms;
    status_.store.max_size_bytes = 1U << 30U;
  }
  /// As the next look finds it; the warnings that it makes, and the lines that say that all is well.
  void look() {
    lines_.clear();
    reporter_.see(status_);
  }
  void look(std::uint64_t evicted, std::int64_t effective_ms) {
    status_.store.evicted_entries = evicted;
    status_.effective_window_ms = effective_ms;
    look();
  }
  [[nodiscard]] std::vector<std::string> warnings() const {
    std::vector<std::string> texts;
    for (const auto& [level, text] : lines_) {
      if (level == LogLevel::warning) texts.push_back(text);
    }
    return texts;
  }
  [[nodiscard]] bool says(const std::string& part) const {
    return std::any_of(lines_.begin(), lines_.end(),
                       [&](const auto& line) { return line.second.find(part) != std::string::npos; });
  }

  StandingClock clock_;
  Notifier notifier_{clock_};
  std::vector<std::pair<LogLevel, std::string>> lines_;
  Reporter reporter_{clock_, notifier_,
                     [this](LogLevel level, const std::string& text) { lines_.emplace_back(level, text); }};
  dedup::SlotStatus status_;
};

TEST_F(FullStore, ThatLetsKeysGoWithinTheWindowIsAWarningWithBothWindowsAndWhatToDo) {
  look(10, 3 * hour_ms);
  ASSERT_EQ(warnings().size(), 1U);
  for (const char* part :
       {"the store is full", "window of 1d", "covers 3h", "raise store.max_size (1GiB)", "window.ttl"}) {
    EXPECT_TRUE(says(part)) << part << " in " << warnings().front();
  }
}

TEST_F(FullStore, IsSaidOnceWhileItLastsAndAgainWhenItComesAnew) {
  look(10, 3 * hour_ms);
  look(20, 2 * hour_ms);
  EXPECT_TRUE(warnings().empty());
  look(20, 4 * hour_ms);
  look(30, 3 * hour_ms);
  EXPECT_TRUE(warnings().empty());
  look(30, 24 * hour_ms);
  EXPECT_TRUE(warnings().empty());
  EXPECT_TRUE(says("the window of 1d is whole again"));
  look(40, 23 * hour_ms);
  EXPECT_EQ(warnings().size(), 1U);
}

TEST_F(FullStore, ThatLetsGoWhatNoPartitionNeedsAnyMoreIsNoWarning) {
  look(10, 24 * hour_ms);
  EXPECT_TRUE(warnings().empty());
  look(10, 23 * hour_ms);
  EXPECT_TRUE(warnings().empty()) << "nothing more went: the window is short for another reason";
}

TEST_F(FullStore, WithoutPartitionsIsNotJudged) {
  look(10, 3 * hour_ms);
  look(10, -1);
  look(20, 3 * hour_ms);
  EXPECT_TRUE(warnings().empty()) << "the same again after a rebalance";
  EXPECT_FALSE(says("whole again"));
}

TEST_F(FullStore, WithRulesNamesThoseWhoseKeysGo) {
  test::add_windows_of_rules(status_);
  look();
  ASSERT_EQ(warnings().size(), 1U);
  for (const char* part : {"window of 5m of calls, web-calls", "covers 2m30s", "key.rules"}) {
    EXPECT_TRUE(says(part)) << part << " in " << warnings().front();
  }
  status_.windows[1].effective_ms = hour_ms;
  status_.store.logs[1].evicted_entries = 1;
  look();
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_TRUE(says("window of 1d of payments"));
}

}  // namespace
}  // namespace firstseen
