#include "metrics/exposition.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "metrics/families.h"
#include "support/metrics_text.h"
#include "support/windows_of_rules.h"

namespace firstseen::metrics {
namespace {

using test::read_metrics;
using test::Samples;
using test::sum_of;

dedup::PartitionStatus partition(std::int32_t number, std::int64_t lag) {
  dedup::PartitionStatus status;
  status.tp = {"orders", number};
  status.stream_time_ms = 1'700'000'000'000;
  status.lag = lag;
  status.lag_ms = lag * 1'500;
  return status;
}

dedup::SlotStatus busy() {
  dedup::SlotStatus status;
  status.state = "running";
  status.configured_window_ms = 86'400'000;
  status.effective_window_ms = 1'500;
  status.begun_window_ms = 7'500;
  auto& counters = status.counters;
  counters.consumed = 100;
  counters.first_seen = 60;
  counters.duplicates = 30;
  counters.rejected = 7;
  counters.passed = 3;
  counters.late = 20;
  counters.rejected_by_reason = {{"malformed_json", 5}, {"skipped", 2}};
  counters.batches_committed = 9;
  counters.batches_aborted = 1;
  counters.consumed_bytes = 4'000;
  counters.published_bytes = 2'500;
  dedup::StepTimes times;
  times[dedup::BatchStep::prepare] = 2'000'000;
  dedup::Timestamps timestamps;
  for (const std::int64_t at : {999'000, 999'000, 940'000}) timestamps.add(at);
  status.measures.settle(times, timestamps, 1'000'000);
  status.store.map_bytes = 1ULL << 37U;
  status.store.disk_free_bytes = 1LL << 40U;
  status.store.flushes.observe(0.003);
  status.store.false_positives = 2;
  status.store.live_entries = 12;
  status.store.max_size_bytes = 1ULL << 36U;
  status.store.oldest_time_ms = 1'700'000'000'500;
  status.partitions = {partition(0, 5), partition(1, -1)};
  status.partitions[1].mode = dedup::PartitionMode::stopped;
  return status;
}

/// With rules.
dedup::SlotStatus busy_with_rules() {
  dedup::SlotStatus status = busy();
  test::add_windows_of_rules(status);
  return status;
}

Picture picture_of(dedup::SlotStatus status) {
  Picture picture;
  picture.phase = Phase::serving;
  picture.step_age_ms = 250;
  picture.checks = {Check{"store", true, "", 0}, Check{"broker", true, "", 0}, Check{"slot", false, "", 0}};
  picture.status = std::make_shared<const dedup::SlotStatus>(std::move(status));
  picture.clients[0] = {kafka::ClientFigures::Side::consumer, 3, 70, 7'000, 1, 2'000, 9'000};
  picture.clients[1] = {kafka::ClientFigures::Side::producer, 2, 5, 500, 0, -1, -1};
  picture.certificate_until_ms = 1'800'000'000'000;
  return picture;
}

Samples samples_of(dedup::SlotStatus status) { return read_metrics(exposition(picture_of(std::move(status)))); }

TEST(Metrics, VerdictsAddUpToWhatIsConsumed) {
  const Samples samples = samples_of(busy());
  EXPECT_EQ(samples.at("firstseen_messages_consumed_total"), 100);
  EXPECT_EQ(sum_of(samples, "firstseen_messages_total"), 100);
  EXPECT_EQ(samples.at("firstseen_messages_total{verdict=\"first_seen\"}"), 40) << "the late ones are counted apart";
  EXPECT_EQ(samples.at("firstseen_messages_total{verdict=\"late\"}"), 20);
  EXPECT_EQ(samples.at("firstseen_messages_total{verdict=\"duplicate\"}"), 30);
  EXPECT_EQ(sum_of(samples, "firstseen_messages_rejected_total"), 7);
}

TEST(Metrics, OfAStepAreOneObservationPerBatch) {
  const Samples samples = samples_of(busy());
  for (const std::string step : {"take", "derive", "decide", "publish", "prepare", "commit"}) {
    EXPECT_EQ(samples.at("firstseen_step_duration_seconds_count{step=\"" + step + "\"}"), 1);
    EXPECT_EQ(samples.at("firstseen_step_duration_seconds_bucket{step=\"" + step + "\",le=\"+Inf\"}"), 1);
  }
  EXPECT_EQ(samples.at(R"(firstseen_step_duration_seconds_sum{step="prepare"})"), 0.002);
  EXPECT_EQ(samples.at(R"(firstseen_step_duration_seconds_bucket{step="prepare",le="0.001"})"), 0);
  EXPECT_EQ(samples.at(R"(firstseen_step_duration_seconds_bucket{step="prepare",le="0.0025"})"), 1);
  EXPECT_EQ(samples.at(R"(firstseen_step_duration_seconds_bucket{step="take",le="0.00025"})"), 1);
}

TEST(Metrics, BucketsCountWhatIsAtMostTheirBound) {
  const Samples samples = samples_of(busy());
  EXPECT_EQ(samples.at(R"(firstseen_latency_seconds_bucket{le="0.5"})"), 0);
  EXPECT_EQ(samples.at(R"(firstseen_latency_seconds_bucket{le="1"})"), 2);
  EXPECT_EQ(samples.at(R"(firstseen_latency_seconds_bucket{le="60"})"), 3);
  EXPECT_EQ(samples.at(R"(firstseen_latency_seconds_bucket{le="14400"})"), 3);
  EXPECT_EQ(samples.at(R"(firstseen_latency_seconds_bucket{le="+Inf"})"), 3);
  EXPECT_EQ(samples.at("firstseen_latency_seconds_count"), 3);
  EXPECT_EQ(samples.at("firstseen_latency_seconds_sum"), 62);
  EXPECT_EQ(samples.at(R"(firstseen_store_flush_duration_seconds_bucket{le="0.005"})"), 1);
}

TEST(Metrics, BytesAreTold) {
  const Samples samples = samples_of(busy());
  EXPECT_EQ(samples.at("firstseen_consumed_bytes_total"), 4'000);
  EXPECT_EQ(samples.at("firstseen_published_bytes_total"), 2'500);
  EXPECT_EQ(samples.at("firstseen_store_map_bytes"), 137'438'953'472.0);
  EXPECT_EQ(samples.at("firstseen_store_disk_free_bytes"), 1'099'511'627'776.0);
  EXPECT_FALSE(samples_of({}).contains("firstseen_store_disk_free_bytes")) << "not known before the store is open";
}

TEST(Metrics, OfTheClientsAreThereOnceLibrdkafkaHasToldThem) {
  const Samples samples = samples_of(busy());
  EXPECT_EQ(samples.at(R"(firstseen_kafka_request_latency_seconds{client="consumer",stat="mean"})"), 0.002);
  EXPECT_EQ(samples.at(R"(firstseen_kafka_request_latency_seconds{client="consumer",stat="p99"})"), 0.009);
  EXPECT_FALSE(samples.contains(R"(firstseen_kafka_request_latency_seconds{client="producer",stat="mean"})"));
  EXPECT_EQ(samples.at(R"(firstseen_kafka_queue_messages{client="consumer"})"), 70);
  EXPECT_EQ(samples.at(R"(firstseen_kafka_queue_bytes{client="producer"})"), 500);
  EXPECT_EQ(samples.at(R"(firstseen_kafka_connections{client="producer"})"), 2);
  EXPECT_EQ(samples.at(R"(firstseen_kafka_request_timeouts_total{client="consumer"})"), 1);
  Picture picture = picture_of(busy());
  picture.clients = {};
  EXPECT_EQ(sum_of(read_metrics(exposition(picture)), "firstseen_kafka_queue_messages"), std::nullopt);
}

TEST(Metrics, EveryVerdictAndOutcomeIsThereFromTheStart) {
  const Samples samples = samples_of({});
  for (const char* verdict : {"first_seen", "duplicate", "rejected", "passed", "late"}) {
    EXPECT_EQ(samples.at("firstseen_messages_total{verdict=\"" + std::string(verdict) + "\"}"), 0);
  }
  EXPECT_EQ(samples.at("firstseen_batches_total{outcome=\"committed\"}"), 0);
  EXPECT_EQ(samples.at("firstseen_batches_total{outcome=\"aborted\"}"), 0);
  for (const char* outcome : {"applied", "unchanged", "refused"}) {
    EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"" + std::string(outcome) + "\"}"), 0);
  }
}

TEST(Metrics, ReloadsAreCountedByWhatCameOfThem) {
  Picture picture = picture_of(busy());
  picture.reloads = {3, 2, 1};
  const Samples samples = read_metrics(exposition(picture));
  EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"applied\"}"), 3);
  EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"unchanged\"}"), 2);
  EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"refused\"}"), 1);
}

TEST(Metrics, TellWhenTheCertificateEndsAndNothingOfItWithoutTls) {
  Picture picture = picture_of(busy());
  const std::string name = "firstseen_http_certificate_expiry_timestamp_seconds";
  EXPECT_EQ(read_metrics(exposition(picture)).at(name), 1'800'000'000);
  picture.certificate_until_ms.reset();
  EXPECT_FALSE(read_metrics(exposition(picture)).contains(name));
}

TEST(Metrics, TimesAreInSecondsAndWhatIsNotKnownIsAbsent) {
  Samples samples = samples_of(busy());
  EXPECT_EQ(samples.at("firstseen_window_seconds{kind=\"configured\"}"), 86'400);
  EXPECT_EQ(samples.at("firstseen_window_seconds{kind=\"effective\"}"), 1.5);
  EXPECT_EQ(samples.at("firstseen_window_seconds{kind=\"begun\"}"), 7.5);
  EXPECT_EQ(samples.at("firstseen_store_oldest_entry_time_seconds"), 1'700'000'000.5);
  EXPECT_EQ(samples.at("firstseen_store_max_bytes"), 68'719'476'736.0);
  EXPECT_EQ(samples.at("firstseen_last_step_age_seconds"), 0.25);
  EXPECT_EQ(samples.at("firstseen_partition_lag_messages{topic=\"orders\",partition=\"0\"}"), 5);
  EXPECT_FALSE(samples.contains("firstseen_partition_lag_messages{topic=\"orders\",partition=\"1\"}"));
  EXPECT_EQ(samples.at("firstseen_partition_lag_seconds{topic=\"orders\",partition=\"0\"}"), 7.5);
  EXPECT_FALSE(samples.contains("firstseen_partition_lag_seconds{topic=\"orders\",partition=\"1\"}"));
  EXPECT_EQ(samples.at("firstseen_partitions{mode=\"stopped\"}"), 1);
  dedup::SlotStatus unassigned;
  unassigned.effective_window_ms = -1;
  samples = samples_of(unassigned);
  EXPECT_FALSE(samples.contains("firstseen_window_seconds{kind=\"effective\"}"));
  EXPECT_FALSE(samples.contains("firstseen_window_seconds{kind=\"begun\"}"));
  EXPECT_FALSE(samples.contains("firstseen_store_oldest_entry_time_seconds"));
}

TEST(Metrics, OfAPauseTellSinceWhenItLasts) {
  dedup::SlotStatus status = busy();
  EXPECT_FALSE(samples_of(status).contains("firstseen_paused_since_seconds"));
  status.pause = {"alice", 1'700'000'000'500, true};
  EXPECT_EQ(samples_of(status).at("firstseen_paused_since_seconds"), 1'700'000'000.5);
}

TEST(Metrics, OfRulesEachLogHasItsOwnWindow) {
  const Samples samples = samples_of(busy_with_rules());
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_seconds{window="5m",log="0",kind="configured"})"), 300);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_seconds{window="5m",log="0",kind="effective"})"), 150);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_seconds{window="1d",log="1",kind="effective"})"), 86'400);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_entries{window="5m",log="0"})"), 40);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_entries{window="1d",log="1"})"), 1'234);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_evicted_entries_total{window="5m",log="0"})"), 7);
  EXPECT_EQ(sum_of(samples, "firstseen_rules_window_entries"), samples.at("firstseen_store_entries"));
  EXPECT_EQ(samples.at(R"(firstseen_window_seconds{kind="effective"})"), 150) << "the one that is covered least";
}

TEST(Metrics, OfRulesTwoLogsMayHaveOneTtl) {
  dedup::SlotStatus status = busy_with_rules();
  status.windows[1] = status.windows[0];
  const Samples samples = samples_of(status);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_entries{window="5m",log="0"})"), 40);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_entries{window="5m",log="1"})"), 1'234);
}

TEST(Metrics, OfRulesAreThereOnlyWithRulesAndTellNothingCoveredWithoutAPartition) {
  EXPECT_EQ(sum_of(samples_of(busy()), "firstseen_rules_window_seconds"), std::nullopt);
  EXPECT_EQ(sum_of(samples_of(busy()), "firstseen_rules_window_entries"), std::nullopt);
  dedup::SlotStatus status = busy_with_rules();
  for (dedup::WindowStatus& window : status.windows) window.effective_ms = -1;
  const Samples samples = samples_of(status);
  EXPECT_TRUE(samples.contains(R"(firstseen_rules_window_seconds{window="5m",log="0",kind="configured"})"));
  EXPECT_FALSE(samples.contains(R"(firstseen_rules_window_seconds{window="5m",log="0",kind="effective"})"));
}

TEST(Metrics, TheStateIsOneOfTheStates) {
  for (const char* state :
       {"starting", "joining", "rebuilding", "running", "paused", "restarting", "stopping", "stopped"}) {
    dedup::SlotStatus status;
    status.state = state;
    const Samples samples = samples_of(status);
    EXPECT_EQ(samples.at("firstseen_slot_state{state=\"" + std::string(state) + "\"}"), 1);
    EXPECT_EQ(sum_of(samples, "firstseen_slot_state"), 1);
  }
}

TEST(Metrics, ChecksAndVersionsAreShown) {
  const Samples samples = samples_of(busy());
  EXPECT_EQ(samples.at("firstseen_ready"), 0);
  EXPECT_EQ(samples.at("firstseen_check_ok{check=\"broker\"}"), 1);
  EXPECT_EQ(samples.at("firstseen_check_ok{check=\"slot\"}"), 0);
  const std::string info = "firstseen_build_info{version=\"" FIRSTSEEN_VERSION "\",librdkafka=\"";
  const auto found = samples.lower_bound(info);
  ASSERT_NE(found, samples.end());
  EXPECT_TRUE(found->first.starts_with(info)) << found->first;
  EXPECT_EQ(found->second, 1);
}

TEST(Metrics, OfTheProcessAreWhatItTakesAtTheScrape) {
  const auto now = [] { return samples_of(busy()); };
  const Samples before = now();
  EXPECT_GT(before.at("process_resident_memory_bytes"), 1e6);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur != RLIM_INFINITY) {
    EXPECT_EQ(before.at("process_max_fds"), static_cast<double>(limit.rlim_cur));
  }
  {
    const std::ifstream open("/proc/self/stat");
    EXPECT_EQ(now().at("process_open_fds"), before.at("process_open_fds") + 1);
  }
  EXPECT_EQ(now().at("process_open_fds"), before.at("process_open_fds"));
  const auto used = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  const auto told = [&now] { return now().at("process_cpu_seconds_total"); };
  const double told_before = before.at("process_cpu_seconds_total");
  const double given_up_at = used() + 10;
  while (told() == told_before && used() < given_up_at) {
  }
  EXPECT_GT(told(), told_before);
  EXPECT_LE(told(), used() + 1);
}

TEST(Metrics, HaveABoundedNumberOfSeries) {
  dedup::SlotStatus status;
  for (int number = 0; number < static_cast<int>(max_partitions_shown) + 234; ++number) {
    status.partitions.push_back(partition(number, 0));
  }
  constexpr std::size_t most_windows = 16;
  status.windows.resize(most_windows);
  status.store.logs.resize(most_windows);
  const Samples samples = samples_of(status);
  EXPECT_EQ(samples.at("firstseen_partitions_not_shown"), 234);
  EXPECT_EQ(samples.at("firstseen_partitions{mode=\"running\"}"), 1234);
  EXPECT_LE(samples.size(), 4 * max_partitions_shown + 4 * most_windows + 225);
}

TEST(Metrics, LabelsHoldAnyBytes) {
  const auto text = [](std::string_view label) {
    return to_text({Family::gauge("a", "h").add(1, {{"l", label}}).take()});
  };
  EXPECT_NE(text("a\"b\\c\nd").find(R"(a{l="a\"b\\c\nd"} 1)"), std::string::npos) << text("a\"b\\c\nd");
  EXPECT_NE(text("\xff ok \xc3\xa4").find("a{l=\"\xef\xbf\xbd ok \xc3\xa4\"} 1"), std::string::npos);
  EXPECT_NE(text("\xe2\x82").find("a{l=\"\xef\xbf\xbd\xef\xbf\xbd\"} 1"), std::string::npos);
}

TEST(Metrics, CountsAreExact) {
  const std::string text = to_text({Family::counter("a_total", "h").add(std::uint64_t{9'007'199'254'740'991}).take()});
  EXPECT_EQ(read_metrics(text).at("a_total"), 9'007'199'254'740'991.0) << text;
}

TEST(Metrics, NamesFollowPrometheusRules) {
  const std::regex name("(firstseen|process)_[a-z]+(_[a-z]+)*");
  std::set<std::string> names;
  for (const auto& family : families_of(picture_of(busy_with_rules()))) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_TRUE(std::regex_match(family.name, name)) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
    EXPECT_EQ(family.type == prometheus::MetricType::Counter, family.name.ends_with("_total")) << family.name;
  }
}

TEST(Metrics, AreAllInTheReadme) {
  std::ifstream file(FIRSTSEEN_SOURCE_DIR "/daemon/metrics/README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  for (const auto& family : families_of(picture_of(busy_with_rules()))) {
    EXPECT_NE(readme.find("| `" + family.name), std::string::npos) << family.name;
  }
}

}  // namespace
}  // namespace firstseen::metrics
