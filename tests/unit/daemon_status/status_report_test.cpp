#include "status_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dedup/partition.h"
#include "support/picture_of.h"
#include "support/windows_of_rules.h"

namespace firstseen {
namespace {

/// Two running partitions; of one the whole history is known, of the other nothing.
dedup::SlotStatus running() {
  dedup::SlotStatus status;
  status.state = "running";
  status.configured_window_ms = 3'600'000;
  status.effective_window_ms = 0;
  status.partitions.resize(2);
  status.partitions[0].tp = {"orders", 0};
  status.partitions[1].tp = {"orders", 1};
  status.partitions[1].covered_from_ms = dedup::nothing_covered;
  return status;
}

Json json_of(const dedup::SlotStatus& status, const History& history = {}) {
  return status_to_json(test::picture_of(status), history);
}

std::string text_of(const dedup::SlotStatus& status) { return status_to_text(json_of(status)); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(StatusText, SaysWhatIsCoveredInWordsWhereATimeWouldMislead) {
  const std::string text = text_of(running());
  EXPECT_TRUE(contains(text, "the beginning")) << text;
  EXPECT_TRUE(contains(text, "nothing yet")) << text;
  EXPECT_FALSE(contains(text, "1970")) << text;
}

TEST(StatusText, CountsStoppedPartitionsInItsStateAndGivesTheirReasonsBelowTheTable) {
  dedup::SlotStatus status = running();
  EXPECT_EQ(health_of(json_of(status)), Exit::ok);
  status.partitions[1].mode = dedup::PartitionMode::stopped;
  status.partitions[1].reason = "orders[1] offset 7 is rejected: go on with firstseen skip";
  const std::string text = text_of(status);
  EXPECT_TRUE(contains(text, "running: 1 of 2 partitions stopped\n")) << text;
  EXPECT_TRUE(contains(text, "\n\norders[1] offset 7 is rejected: go on with firstseen skip\n")) << text;
  EXPECT_EQ(health_of(json_of(status)), Exit::try_again);
}

TEST(StatusText, TellsPartitionsThatGoOnByThemselvesFromThoseThatNeedAPerson) {
  dedup::SlotStatus status = running();
  status.partitions[1].mode = dedup::PartitionMode::stopped;
  status.partitions[1].waits = true;
  status.partitions[1].reason = "orders[1] has no leader";
  const std::string waiting = text_of(status);
  EXPECT_TRUE(contains(waiting, "running: 1 of 2 partitions waiting")) << waiting;
  EXPECT_TRUE(contains(waiting, "orders[1]  waiting")) << waiting;
  EXPECT_EQ(json_of(status)["partitions"][1]["mode"], "stopped");
  EXPECT_EQ(json_of(status)["partitions"][1]["waits"], true);
  EXPECT_EQ(health_of(json_of(status)), Exit::try_again) << "it is not served";
  status.partitions[0].mode = dedup::PartitionMode::stopped;
  const std::string both = text_of(status);
  EXPECT_TRUE(contains(both, "running: 1 of 2 partitions stopped, 1 of 2 partitions waiting\n")) << both;
}

TEST(StatusText, SaysOfAStoreThatIsOpenNothingElseWhileTheBrokerIsAway) {
  dedup::SlotStatus status;
  status.state = "starting";
  Picture picture = test::picture_of(status);
  const auto text = [&] { return status_to_text(status_to_json(picture, {})); };
  EXPECT_TRUE(contains(text(), "open, not in use yet\n")) << text();
  EXPECT_FALSE(contains(text(), "not open yet")) << text();
  picture.checks[0].ok = false;
  EXPECT_TRUE(contains(text(), "not open yet\n")) << text();
}

TEST(StatusText, TellsWhoAskedForAPauseAndSinceWhen) {
  dedup::SlotStatus status = running();
  EXPECT_TRUE(json_of(status)["paused"].is_null());
  EXPECT_FALSE(contains(text_of(status), "paused"));
  status.state = "paused";
  status.pause = {"alice: new disks", 1'700'000'000'000, true};
  EXPECT_TRUE(contains(text_of(status), "since 2023-11-14T22:13:20.000Z by alice: new disks")) << text_of(status);
  EXPECT_EQ(json_of(status)["paused"].dump(), R"({"by":"alice: new disks","since_ms":1700000000000,"drained":true})");
  EXPECT_EQ(health_of(json_of(status)), Exit::try_again);
}

TEST(StatusJson, TellsWhichConfigurationIsInForceSinceWhen) {
  EXPECT_TRUE(json_of(running())["configuration"].is_null());
  const ShownConfiguration shown{"/etc/firstseen/orders.yaml", "window:\n  ttl: 1d\n", 1'700'000'000'000};
  Picture picture = test::picture_of(running());
  picture.configuration = std::make_shared<const ShownConfiguration>(shown);
  const Json json = status_to_json(picture);
  EXPECT_EQ(json["configuration"]["text"], shown.text);
  EXPECT_EQ(json["configuration"]["file"], shown.file);
  EXPECT_EQ(json["configuration"]["fingerprint"], fingerprint(shown.text));
  EXPECT_EQ(fingerprint(shown.text).size(), 16U);
  EXPECT_NE(fingerprint(shown.text), fingerprint(""));
  EXPECT_TRUE(contains(status_to_text(json), fingerprint(shown.text) + ", loaded 2023-11-14T22:13:20.000Z"));
}

TEST(StatusJson, TellsTheSizeOfTheStoreAndTheLastWarningsAndErrors) {
  dedup::SlotStatus status = running();
  status.store.max_size_bytes = 1U << 30U;
  status.store.evicted_entries = 3;
  const Json json =
      json_of(status, {.events = {{7, LogLevel::warning, "slow disk"}, {8, LogLevel::error, "the broker is gone"}}});
  EXPECT_EQ(json["store"]["max_size_bytes"], 1U << 30U);
  EXPECT_EQ(json["store"]["evicted_entries"], 3);
  EXPECT_EQ(json["events"].dump(), R"([{"time_ms":7,"level":"warning","text":"slow disk"},)"
                                   R"({"time_ms":8,"level":"error","text":"the broker is gone"}])");
}

TEST(StatusJson, TellsDurationsLatencyBytesAndWhichDaemonItIs) {
  dedup::SlotStatus status = running();
  status.counters.consumed_bytes = 70;
  status.partitions[0].lag_ms = 1'500;
  dedup::StepTimes times;
  times[dedup::BatchStep::commit] = 30'000'000;
  dedup::Timestamps timestamps;
  timestamps.add(1'000);
  status.measures.settle(times, timestamps, 1'250);
  const Json json = json_of(status);
  EXPECT_EQ(json["latency"].dump(), R"({"count":1,"sum":0.25,"p50_at_most":0.25,"p99_at_most":0.25})");
  EXPECT_EQ(json["steps"].size(), 6U);
  EXPECT_EQ(json["steps"]["commit"]["p99_at_most"], 0.05);
  EXPECT_EQ(json["bytes"]["consumed"], 70);
  EXPECT_EQ(json["partitions"][0]["lag_ms"], 1'500);
  EXPECT_NE(json["version"], "");
  EXPECT_TRUE(json["store"]["forecast"].is_null()) << "nothing is known yet";
  const std::string text = status_to_text(json);
  EXPECT_TRUE(contains(text, "1.50 s")) << text;
}

TEST(StatusJson, TellsWhatTheStoreWillHold) {
  dedup::SlotStatus status = running();
  status.store.max_size_bytes = 1U << 30U;
  status.store.used_bytes = 40'000;
  status.store.live_entries = 2'000;
  status.store.oldest_time_ms = 0;
  status.store.newest_time_ms = 100'000;
  std::vector<Sample> samples(2);
  samples[0].newest_key_ms = 0;
  samples[1].time_ms = samples[1].newest_key_ms = 60'000;
  samples[1].keys_added = 1'200;
  const Json json = json_of(status, {.samples = samples});
  const Json& forecast = json["store"]["forecast"];
  EXPECT_EQ(forecast["keys_per_s"], 20.0);
  EXPECT_EQ(forecast["full_window_bytes"], 20 * 3'600 * 20);
  EXPECT_TRUE(forecast["full_in_ms"].is_null()) << forecast.dump();
  EXPECT_TRUE(contains(status_to_text(json), "fits: at 20 keys/s a window of 1h takes 1.37 MiB"))
      << status_to_text(json);
}

TEST(StatusJson, TellsEachWindowOfRules) {
  dedup::SlotStatus status = running();
  EXPECT_EQ(json_of(status)["windows"], Json::array());
  test::add_windows_of_rules(status);
  EXPECT_EQ(json_of(status)["windows"].dump(),
            R"([{"rules":["calls","web-calls"],"configured_ms":300000,"effective_ms":150000,"entries":40,)"
            R"("expired_entries":3,"evicted_entries":7},)"
            R"({"rules":["payments"],"configured_ms":86400000,"effective_ms":86400000,"entries":1234,)"
            R"("expired_entries":0,"evicted_entries":0}])");
}

TEST(StatusText, ShowsEachWindowOfRulesInATable) {
  dedup::SlotStatus status = running();
  EXPECT_FALSE(contains(text_of(status), "rules")) << text_of(status);
  test::add_windows_of_rules(status);
  status.windows[1].effective_ms = -1;
  EXPECT_TRUE(contains(text_of(status),
                       "window  rules            covered  entries  went early\n"
                       "5m      calls web-calls  2m30s         40           7\n"
                       "1d      payments               -    1,234           0\n"))
      << text_of(status);
}

TEST(StatusJson, TellsWhatTheClientsMeasure) {
  Picture picture = test::picture_of(running());
  EXPECT_EQ(status_to_json(picture)["kafka"], Json::array());
  picture.clients[0] = kafka::ClientFigures{.brokers_up = 1};
  picture.clients[1] = {kafka::ClientFigures::Side::producer, 2, 1'500, 4'096, 3, 2'500, 9'000};
  const Json json = status_to_json(picture);
  EXPECT_EQ(json["kafka"].size(), 2U);
  EXPECT_EQ(json["kafka"][0]["client"], "consumer");
  EXPECT_TRUE(json["kafka"][0]["mean_latency_us"].is_null()) << "nothing was asked";
  EXPECT_EQ(json["kafka"][1].dump(),
            R"({"client":"producer","connections":2,"queued_messages":1500,"queued_bytes":4096,)"
            R"("mean_latency_us":2500,"p99_latency_us":9000,"timed_out_requests":3})");
  EXPECT_TRUE(contains(status_to_text(json), "2.5 ms")) << status_to_text(json);
}

TEST(StatusJson, TellsTheRatesAndThePointsOfThePagesCharts) {
  const Json none = json_of(running());
  EXPECT_TRUE(none["rates"]["messages_per_s"].is_null());
  EXPECT_EQ(none["samples"], Json::array());
  std::vector<Sample> samples(3);
  samples[1].time_ms = 10'000;
  samples[1].consumed = samples[1].timed = 5'000;
  samples[1].duplicates = 1'000;
  samples[1].latency_s = 125;
  samples[1].lag = 7;
  samples[2] = samples[1];
  samples[2].time_ms = 20'000;
  samples[2].lag = -1;
  const Json json = json_of(running(), {.samples = {samples[0], samples[1]}});
  EXPECT_EQ(json["rates"].dump(), R"({"messages_per_s":500.0,"duplicates_percent":20.0,"lag":7.0,"latency_ms":25.0})");
  EXPECT_TRUE(contains(status_to_text(json), "500 messages/s, 20.0 % duplicates, latency 25 ms\n"))
      << status_to_text(json);
  const Json later = json_of(running(), {.samples = samples});
  EXPECT_EQ(later["samples"].size(), 2U);
  EXPECT_EQ(later["samples"][0]["time_ms"], 10'000);
  EXPECT_EQ(later["samples"][0]["messages_per_s"], 500.0);
  EXPECT_EQ(later["samples"][1].dump(),
            R"({"time_ms":20000,"messages_per_s":0.0,"duplicates_percent":null,"lag":null,"latency_ms":null})");
}

TEST(StatusText, SpeaksOfOnePartitionInTheSingular) {
  dedup::SlotStatus status = running();
  status.partitions.resize(1);
  status.partitions[0].mode = dedup::PartitionMode::stopped;
  EXPECT_TRUE(contains(text_of(status), "1 of 1 partition stopped")) << text_of(status);
  EXPECT_EQ(format_counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(format_counted(0, "entry", "entries"), "0 entries");
  EXPECT_EQ(format_counted(1'234, "key"), "1,234 keys");
}

/// A thousand partitions that run, each a message further behind than the one before.
dedup::SlotStatus thousand() {
  dedup::SlotStatus status = running();
  status.partitions.resize(1'000);
  for (std::size_t i = 0; i < status.partitions.size(); ++i) {
    status.partitions[i].tp = {"orders", static_cast<int>(i)};
    status.partitions[i].lag = static_cast<std::int64_t>(i);
  }
  return status;
}

std::ptrdiff_t lines(const std::string& text) { return std::ranges::count(text, '\n'); }

TEST(StatusText, ShowsOfAThousandPartitionsThoseThatLagMostAndHowManyMoreThereAre) {
  const std::string text = text_of(thousand());
  EXPECT_TRUE(contains(text, "\norders[999]  running")) << text;
  EXPECT_TRUE(contains(text, "\norders[990]  running")) << text;
  EXPECT_FALSE(contains(text, "orders[989]")) << text;
  EXPECT_TRUE(contains(text, "and 990 more: firstseen top, or --json\n")) << text;
  EXPECT_EQ(json_of(thousand())["partitions"].size(), 1'000U);
}

TEST(StatusText, ShowsAStoppedPartitionAmongAThousandWithItsReasonBeforeAllThatGoOn) {
  dedup::SlotStatus status = thousand();
  for (dedup::PartitionStatus& partition : status.partitions) partition.mode = dedup::PartitionMode::rebuilding;
  status.partitions[999].mode = status.partitions[3].mode = dedup::PartitionMode::stopped;
  status.partitions[999].waits = true;
  status.partitions[999].reason = "orders[999] has no leader";
  status.partitions[3].reason = "orders[3] offset 7 is rejected: go on with firstseen skip";
  const std::string text = text_of(status);
  EXPECT_TRUE(contains(text,
                       "\n\norders[3] offset 7 is rejected: go on with firstseen skip\n"
                       "orders[999] has no leader\n"))
      << text;
  EXPECT_LT(text.find("\norders[3] "), text.find("\norders[999] ")) << "it needs a person";
  EXPECT_LT(text.find("\norders[999] "), text.find("\norders[998] ")) << text;
}

// 40 lines: what a terminal's window shows without scrolling where somebody has made it somewhat larger than 24.
TEST(StatusText, FitsAScreenWhateverThereIsToTell) {
  constexpr std::ptrdiff_t screen = 40;
  dedup::SlotStatus status = thousand();
  for (dedup::PartitionStatus& partition : status.partitions) {
    partition.mode = dedup::PartitionMode::stopped;
    partition.reason = to_string(partition.tp) + " is stopped";
  }
  EXPECT_LE(lines(text_of(status)), screen) << text_of(status);

  constexpr std::uint64_t many = 1'234'567'890;
  dedup::Counters& counters = status.counters;
  for (std::uint64_t* counter :
       {&counters.consumed, &counters.first_seen, &counters.duplicates, &counters.rejected, &counters.passed,
        &counters.late, &counters.cross_partition, &counters.clipped_timestamps, &counters.uncarried_timestamps,
        &counters.rebuilt, &counters.batches_committed, &counters.batches_aborted, &counters.restarts,
        &counters.rebalances}) {
    *counter = many;
  }
  for (int reason = 0; reason < 20; ++reason) counters.rejected_by_reason["reason_" + std::to_string(reason)] = many;
  test::add_windows_of_rules(status);
  while (status.windows.size() < 16) {
    status.windows.push_back(status.windows.front());
    status.store.logs.push_back(status.store.logs.front());
  }
  status.pause = {"alice: new disks", 1'700'000'000'000, true};
  Picture picture = test::picture_of(status);
  picture.configuration = std::make_shared<const ShownConfiguration>(ShownConfiguration{"orders.yaml", "a: b\n", 1});
  picture.clients[0] = kafka::ClientFigures{.brokers_up = 1};
  picture.clients[1] = {kafka::ClientFigures::Side::producer, 2, 1'500, 4'096, 3, 2'500, 9'000};
  const std::string text = status_to_text(status_to_json(picture));
  EXPECT_LE(lines(text), screen) << text;
  EXPECT_TRUE(contains(text, "orders[999] is stopped\n")) << "whatever else there is: " << text;
  EXPECT_TRUE(contains(text, "and 12 more: --json\n")) << text;
}

TEST(StatusText, LeavesOutCountersThatAreZeroAndTellsWhyMessagesWereRejectedTheMostFrequentReasonFirst) {
  dedup::SlotStatus status = running();
  EXPECT_TRUE(contains(text_of(status), "\ncounters  all 0\n")) << text_of(status);
  status.counters.consumed = 1'234;
  status.counters.rejected = 4;
  status.counters.rejected_by_reason = {{"malformed_json", 1}, {"missing_field", 3}};
  EXPECT_TRUE(contains(text_of(status),
                       "\ncounters  consumed 1,234, rejected 4\nrejected  missing_field 3, malformed_json 1\n"))
      << text_of(status);
}

}  // namespace
}  // namespace firstseen
