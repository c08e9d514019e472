#include "status_report.h"

#include <gtest/gtest.h>

#include "dedup/partition.h"
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

std::string text_of(const dedup::SlotStatus& status) { return status_to_text(status_to_json(status)); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(StatusText, SaysWhatIsCoveredInWordsWhereATimeWouldMislead) {
  const std::string text = text_of(running());
  EXPECT_TRUE(contains(text, "the beginning")) << text;
  EXPECT_TRUE(contains(text, "nothing yet")) << text;
  EXPECT_FALSE(contains(text, "1970")) << text;
}

TEST(StatusText, CountsStoppedPartitionsInItsFirstLineAndGivesTheirReasonsBelowTheTable) {
  dedup::SlotStatus status = running();
  EXPECT_EQ(health_of(status_to_json(status)), Exit::ok);
  status.partitions[1].mode = dedup::PartitionMode::stopped;
  status.partitions[1].reason = "orders[1] offset 7 is rejected: go on with firstseen skip";
  const std::string text = text_of(status);
  EXPECT_TRUE(contains(text.substr(0, text.find('\n')), "running: 1 of 2 partitions stopped")) << text;
  EXPECT_TRUE(contains(text, "\n\norders[1] offset 7 is rejected: go on with firstseen skip\n")) << text;
  EXPECT_EQ(health_of(status_to_json(status)), Exit::try_again);
}

TEST(StatusText, TellsWhoAskedForAPauseAndSinceWhen) {
  dedup::SlotStatus status = running();
  EXPECT_TRUE(status_to_json(status)["paused"].is_null());
  EXPECT_FALSE(contains(text_of(status), "paused"));
  status.state = "paused";
  status.pause = {"alice: new disks", 1'700'000'000'000, true};
  EXPECT_TRUE(contains(text_of(status), "since 2023-11-14T22:13:20.000Z by alice: new disks")) << text_of(status);
  EXPECT_EQ(status_to_json(status)["paused"].dump(),
            R"({"by":"alice: new disks","since_ms":1700000000000,"drained":true})");
  EXPECT_EQ(health_of(status_to_json(status)), Exit::try_again);
}

TEST(StatusJson, TellsWhichConfigurationIsInForceSinceWhen) {
  EXPECT_TRUE(status_to_json(running())["configuration"].is_null());
  const ShownConfiguration shown{"/etc/firstseen/orders.yaml", "window:\n  ttl: 1d\n", 1'700'000'000'000};
  const Json json = status_to_json(running(), {}, &shown);
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
  const Json json = status_to_json(
      status, {.events = {{7, LogLevel::warning, "slow disk"}, {8, LogLevel::error, "the broker is gone"}}});
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
  const Json json = status_to_json(status);
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
  const Json json = status_to_json(status, {.samples = samples});
  const Json& forecast = json["store"]["forecast"];
  EXPECT_EQ(forecast["keys_per_s"], 20.0);
  EXPECT_EQ(forecast["full_window_bytes"], 20 * 3'600 * 20);
  EXPECT_TRUE(forecast["full_in_ms"].is_null()) << forecast.dump();
  EXPECT_TRUE(contains(status_to_text(json), "fits: at 20 keys/s a window of 1h takes 1.37 MiB"))
      << status_to_text(json);
}

TEST(StatusJson, TellsEachWindowOfRules) {
  dedup::SlotStatus status = running();
  EXPECT_EQ(status_to_json(status)["windows"], Json::array());
  test::add_windows_of_rules(status);
  EXPECT_EQ(status_to_json(status)["windows"].dump(),
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

TEST(StatusText, SpeaksOfOnePartitionInTheSingular) {
  dedup::SlotStatus status = running();
  status.partitions.resize(1);
  status.partitions[0].mode = dedup::PartitionMode::stopped;
  EXPECT_TRUE(contains(text_of(status), "1 of 1 partition stopped")) << text_of(status);
  EXPECT_EQ(format_counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(format_counted(0, "entry", "entries"), "0 entries");
  EXPECT_EQ(format_counted(1'234, "key"), "1,234 keys");
}

}  // namespace
}  // namespace firstseen
