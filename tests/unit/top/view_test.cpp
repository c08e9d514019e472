#include "top/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "status_report.h"
#include "support/picture_of.h"

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
  return {status_to_json(test::picture_of(status), {.events = events}), at_ms};
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

TEST(Top, ShowsWindowStoreAndLag) {
  const Frame frame = show(view_of(running(3), running(3)), 40);
  EXPECT_EQ(line_with(frame, "window"), "window      1d configured, 1h covered");
  EXPECT_EQ(line_with(frame, "store  "), "store       4,000 keys, 1.6 % of 64 MiB; index 2.0 MiB");
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
  EXPECT_TRUE(frame[1].text.starts_with("stopped: ")) << frame[1].text;
  EXPECT_EQ(frame[1].style, Style::bad);
}

TEST(Top, BeginsWithThePagesVerdictInItsColor) {
  dedup::SlotStatus whole = running(3);
  whole.effective_window_ms = whole.configured_window_ms;
  View view = view_of(whole, whole);
  EXPECT_EQ(show(view, 40)[1].text, verdict_headline(view.now->status));
  EXPECT_TRUE(show(view, 40)[1].text.starts_with("healthy: "));
  EXPECT_EQ(show(view, 40)[1].style, Style::good);
  Picture picture = test::picture_of(whole);
  picture.checks[1] = {"broker", false, "connection refused", test::pictured_since_ms};
  view.now = Sample{status_to_json(picture), 3'000};
  EXPECT_TRUE(show(view, 40)[1].text.starts_with("unready: broker")) << show(view, 40)[1].text;
  EXPECT_EQ(show(view, 40)[1].style, Style::bad) << "although the slot says that it runs";
  picture.step_age_ms = step_bound.count() + 1;
  view.now = Sample{status_to_json(picture), 3'000};
  EXPECT_TRUE(show(view, 40)[1].text.starts_with("stuck: ")) << show(view, 40)[1].text;
}

TEST(Top, TellsWhichDaemonItIsAndItsLatencyAndForecastWhereThereIsRoom) {
  dedup::SlotStatus status = running(3);
  status.partitions[1].lag_ms = 7'200'000;
  Picture picture = test::picture_of(status);
  picture.configuration = std::make_shared<const ShownConfiguration>(ShownConfiguration{"/etc/f.yaml", "kafka:\n", 0});
  Json json = status_to_json(picture);
  json["rates"]["latency_ms"] = 25.0;
  json["latency"]["p99_at_most"] = 0.05;
  json["store"]["forecast"] = {{"full_in_ms", 60'000}, {"beyond_disk", false}, {"text", "full in 1.00 min: too much"}};
  const View view{.store = "s", .wall_ms = 0, .now = Sample{json, 0}, .rates = {}, .trouble = ""};
  const Frame frame = show(view, 24);
  const std::string daemon = line_with(frame, "daemon ");
  for (const std::string& part : {"firstseen " + json["version"].get<std::string>(), fingerprint("kafka:\n"),
                                  std::string("since 2023-11-14T22:13:20.000Z"), std::string("running")}) {
    EXPECT_NE(daemon.find(part), std::string::npos) << part << " in " << plain(frame);
  }
  EXPECT_EQ(line_with(frame, "latency "), "latency     25 ms on average; since its start 99 % within 50 ms");
  EXPECT_EQ(line_with(frame, "forecast "), "forecast    full in 1.00 min: too much");
  EXPECT_EQ(line_with(frame, "lag "), "lag         3 messages in 3 partitions, up to 2 h behind");
  EXPECT_NE(line_with(frame, "orders[1]").find(" 2 h "), std::string::npos) << plain(frame);
  EXPECT_EQ(line_with(show(view, 18), "daemon "), "") << "a low screen is for rates and partitions";
  EXPECT_NE(line_with(show(view, 18), "orders[2]"), "");
}

TEST(Top, ShowsTheNewestEventsAndKeepsRoomForSomePartitions) {
  std::vector<Event> events;
  events.reserve(20);
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

TEST(Top, ShowsWarningsBeforeWhatElseThereIsToTellOfAHealthyDaemon) {
  std::vector<Event> events;
  events.reserve(5);
  for (int i = 0; i < 5; ++i) events.push_back({0, LogLevel::warning, "event " + std::to_string(i)});
  const Frame frame = show(view_of(running(3), running(3), events), 24);
  EXPECT_NE(line_with(frame, "event 1"), "") << plain(frame);
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
