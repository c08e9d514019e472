#include "top/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "status_report.h"

namespace firstseen::top {
namespace {

dedup::SlotStatus running(std::size_t partitions) {
  dedup::SlotStatus status;
  status.state = "running";
  status.configured_window_ms = 86'400'000;
  status.effective_window_ms = 3'600'000;
  status.counters.consumed = 5'000;
  status.counters.first_seen = 4'000;
  status.counters.duplicates = 1'000;
  status.store.live_entries = 4'000;
  status.store.used_bytes = 1U << 20U;
  status.store.max_size_bytes = 64U << 20U;
  status.store.index_bytes = 2U << 20U;
  for (std::size_t i = 0; i < partitions; ++i) {
    dedup::PartitionStatus partition;
    partition.tp = {"orders", static_cast<std::int32_t>(i)};
    partition.next_offset = 100;
    partition.lag = static_cast<std::int64_t>(i);
    status.partitions.push_back(partition);
  }
  return status;
}

Sample sample(const dedup::SlotStatus& status, std::int64_t at_ms, const std::vector<Event>& events = {}) {
  return {status_to_json(status, {.events = events}), at_ms};
}

/// Two looks, two seconds apart.
View view_of(const dedup::SlotStatus& before, const dedup::SlotStatus& now, const std::vector<Event>& events = {}) {
  const Sample first = sample(before, 1'000);
  const Sample second = sample(now, 3'000, events);
  return {.store = "/var/lib/firstseen",
          .wall_ms = 1'700'000'000'000,
          .now = second,
          .rates = {first, second},
          .trouble = ""};
}

std::string line_with(const Frame& frame, const std::string& part) {
  const auto found =
      std::ranges::find_if(frame, [&](const Line& line) { return line.text.find(part) != std::string::npos; });
  return found == frame.end() ? "" : found->text;
}

bool ends_with_cells(const std::string& line, const std::string& first, const std::string& second) {
  const auto at = line.find(" " + first + " ");
  return at != std::string::npos && line.find(" " + second, at) != std::string::npos;
}

TEST(Top, ComputesRatesFromTwoLooks) {
  dedup::SlotStatus now = running(2);
  now.counters.consumed += 3'000;
  now.counters.duplicates += 3;
  now.partitions[1].next_offset += 500;
  const Frame frame = show(view_of(running(2), now), 40);
  EXPECT_TRUE(ends_with_cells(line_with(frame, "consumed"), "1,500", "8,000")) << plain(frame);
  EXPECT_TRUE(ends_with_cells(line_with(frame, "duplicates"), "1.5", "1,003")) << plain(frame);
  EXPECT_TRUE(ends_with_cells(line_with(frame, "first seen"), "0", "4,000")) << plain(frame);
  EXPECT_NE(line_with(frame, "orders[1]").find(" 250 "), std::string::npos) << plain(frame);
}

TEST(Top, KnowsNoRateAfterOneLookNorAcrossARestart) {
  const Sample only = sample(running(1), 1'000);
  EXPECT_TRUE(ends_with_cells(
      line_with(show({.store = "s", .wall_ms = 0, .now = only, .rates = {}, .trouble = ""}, 40), "consumed"), "-",
      "5,000"));
  dedup::SlotStatus restarted = running(1);
  restarted.counters = {};
  restarted.counters.consumed = 10;
  EXPECT_TRUE(ends_with_cells(line_with(show(view_of(running(1), restarted), 40), "consumed"), "-", "10"));
  dedup::SlotStatus rewound = running(1);
  rewound.partitions[0].next_offset = 5;
  EXPECT_EQ(Rates(only, sample(rewound, 2'000)).partition({"orders", 0}), std::nullopt);
  EXPECT_EQ(Rates(only, only).counter("consumed"), std::nullopt) << "no time went by";
}

TEST(Top, ShowsStateWindowAndStore) {
  const Frame frame = show(view_of(running(3), running(3)), 40);
  EXPECT_EQ(frame[1].text, "running");
  EXPECT_EQ(frame[1].style, Style::good);
  EXPECT_EQ(line_with(frame, "window"), "window      1d configured, 1h covered");
  EXPECT_EQ(line_with(frame, "store "), "store       4,000 keys, 1.6 % of 64 MiB; index 2.0 MiB");
  EXPECT_EQ(line_with(frame, "lag "), "lag         3 messages in 3 partitions");
}

TEST(Top, ShowsStoppedPartitionsFirstThenThoseThatLagMostAndSaysHowManyDoNotFit) {
  dedup::SlotStatus status = running(50);
  status.partitions[7].mode = dedup::PartitionMode::stopped;
  const Frame frame = show(view_of(status, status), 24);
  EXPECT_LE(frame.size(), 24U) << plain(frame);
  const auto head = std::ranges::find_if(frame, [](const Line& line) { return line.text.starts_with("partition"); });
  ASSERT_NE(head, frame.end());
  EXPECT_TRUE((head + 1)->text.starts_with("orders[7] ")) << plain(frame);
  EXPECT_EQ((head + 1)->style, Style::bad);
  EXPECT_TRUE((head + 2)->text.starts_with("orders[49] ")) << plain(frame);
  EXPECT_TRUE(frame.back().text.starts_with("and ")) << plain(frame);
  EXPECT_TRUE(frame.back().text.ends_with(" more")) << plain(frame);
  EXPECT_EQ(frame[1].text, "running: 1 of 50 partitions stopped");
  EXPECT_EQ(frame[1].style, Style::bad);
}

TEST(Top, ShowsTheNewestEventsAndKeepsRoomForSomePartitions) {
  std::vector<Event> events;
  for (int i = 0; i < 20; ++i)
    events.push_back({1'700'000'000'000 + i, LogLevel::warning, "event " + std::to_string(i)});
  events.back().level = LogLevel::error;
  const Frame frame = show(view_of(running(50), running(50), events), 30);
  EXPECT_LE(frame.size(), 30U) << plain(frame);
  const auto head = std::ranges::find_if(frame, [](const Line& line) { return line.text == "warnings and errors"; });
  ASSERT_NE(head, frame.end()) << plain(frame);
  EXPECT_TRUE((head + 1)->text.ends_with("event 19"));
  EXPECT_EQ((head + 1)->style, Style::bad);
  EXPECT_TRUE((head + 2)->text.ends_with("event 18"));
  EXPECT_NE(line_with(frame, "orders[48]"), "") << plain(frame);
}

TEST(Top, FitsIntoEveryScreenOfFifteenRowsOrMore) {
  const View view = view_of(running(50), running(50), {{0, LogLevel::error, "bad"}});
  for (std::size_t rows = 15; rows < 100; ++rows) EXPECT_LE(show(view, rows).size(), rows);
}

TEST(Top, KeepsTheLastWordOfADaemonThatIsGoneAndSaysSo) {
  View view = view_of(running(1), running(1));
  view.trouble = "no daemon answers";
  const Frame frame = show(view, 40);
  EXPECT_EQ(frame[1].text, "no answer: no daemon answers; trying again");
  EXPECT_EQ(frame[1].style, Style::bad);
  EXPECT_NE(line_with(frame, "orders[0]"), "");
  view.now.reset();
  EXPECT_EQ(show(view, 40).size(), 2U) << "it has never answered";
}

}  // namespace
}  // namespace firstseen::top
