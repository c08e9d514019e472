#include "plan/plan.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>

#include "plan/figures.h"
#include "plan/report.h"
#include "plan/words.h"

namespace firstseen::plan {
namespace {

using std::chrono::hours;

constexpr double gib = 1U << 30U;

Workload busy() {
  return {.messages_per_s = 5'000,
          .unique_share = 0.98,
          .partitions = 12,
          .ttl = hours(24),
          .commit_interval = Millis{100},
          .max_batch = 100'000,
          .refresh_on_duplicate = false,
          .max_size_bytes = std::nullopt,
          .several_ttls = false};
}

Plan plan_of(const Workload& workload) { return make_plan(workload, {}); }

bool warns(const Plan& plan, std::string_view part) {
  for (const std::string& warning : plan.warnings) {
    if (warning.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST(Plan, HoldsEveryNewKeyForTheLengthOfTheWindow) {
  const Plan plan = plan_of(busy());
  EXPECT_NEAR(plan.entries, 4'900.0 * 86'400, 2'000);
  EXPECT_NEAR(plan.disk_bytes_per_key(), 24'602.0 / 980, 0.01) << "six pages, and what leads to them";
  EXPECT_GE(static_cast<double>(plan.max_size_bytes), plan.disk_bytes * 1.25);
  EXPECT_LT(static_cast<double>(plan.max_size_bytes), plan.disk_bytes * 1.25 + gib);
  EXPECT_EQ(plan.max_size_bytes % (1ULL << 30U), 0U);
  EXPECT_EQ(plan.covered_share, 1);
  EXPECT_TRUE(plan.warnings.empty()) << plan.warnings.front();
}

TEST(Plan, CountsDuplicatesThatRefreshTheirEntries) {
  Workload workload = busy();
  workload.unique_share = 0.1;
  const double without = plan_of(workload).entries;
  workload.refresh_on_duplicate = true;
  EXPECT_NEAR(plan_of(workload).entries / without, 10, 0.01);
}

TEST(Plan, OfASlowStreamWritesSmallBatchesAsOneRecordAndAFastOneDoesNot) {
  Workload workload = busy();
  workload.messages_per_s = 1;
  workload.unique_share = 1;
  EXPECT_EQ(plan_of(workload).entries_per_record, 1024);
  workload.ttl = std::chrono::minutes(10);  // a sixteenth of it brings no more than 37
  EXPECT_NEAR(plan_of(workload).entries_per_record, 37.5, 0.1);
  workload.messages_per_s = 100'000;
  EXPECT_EQ(plan_of(workload).entries_per_record, 10'000);
  workload.max_batch = 5'000;
  EXPECT_EQ(plan_of(workload).entries_per_record, 5'000);
}

TEST(Plan, ALongerPrefetchTakesItsMemoryBesideWhatWasMeasuredWithTheDefault) {
  Workload workload = busy();
  const double usual = plan_of(workload).memory_bytes;
  workload.prefetch_bytes = 64ULL << 20U;
  EXPECT_EQ(plan_of(workload).memory_bytes, usual);
  workload.prefetch_bytes = 1ULL << 20U;
  EXPECT_EQ(plan_of(workload).memory_bytes, usual) << "less was not measured";
  workload.prefetch_bytes = 1500ULL << 20U;
  EXPECT_EQ(plan_of(workload).memory_bytes - usual, static_cast<double>(1436ULL << 20U));
}

TEST(Plan, AddsWhatASmallIndexTakesBeside) {
  Workload workload = busy();
  workload.messages_per_s = 1;
  const Plan small = plan_of(workload);
  EXPECT_NEAR(small.index_bytes, small.entries * 10 + 9e6, 1);
  const Plan large = plan_of(busy());
  EXPECT_NEAR(large.index_bytes, large.entries * 10, 1);
  EXPECT_GT(large.memory_bytes, large.index_bytes_growing);
}

TEST(Plan, WarnsWhenTheConfiguredSizeIsTooSmallAndSaysHowMuchOfTheWindowItCoversAndWhatToSet) {
  Workload workload = busy();
  workload.max_size_bytes = 1ULL << 30U;
  const Plan plan = plan_of(workload);
  EXPECT_NEAR(plan.covered_share, gib / plan.disk_bytes, 1e-9);
  EXPECT_TRUE(warns(plan, "store.max_size is 1.00 GiB"));
  EXPECT_TRUE(warns(plan, "set it to 13GiB")) << plan.warnings.front();
  EXPECT_TRUE(warns(plan, "the window would cover about 2.42 h of 1d")) << plan.warnings.front();
}

TEST(Plan, WarnsBeyondThePositionsOfAnIndexAndBeyondTheLargestStore) {
  Workload workload = busy();
  workload.ttl = hours(24 * 14);
  EXPECT_TRUE(warns(plan_of(workload), "a store has 3,221,225,472 positions"));
  workload.ttl = hours(24 * 365 * 100);
  const Plan endless = plan_of(workload);
  EXPECT_TRUE(warns(endless, "store.max_size is 16.0 TiB at most"));
  EXPECT_TRUE(warns(endless, "share the partitions among more processes"));
  EXPECT_LT(endless.covered_share, 1e-3);
}

TEST(Plan, WarnsWhenTheMachineIsTooSmall) {
  const Plan plan = make_plan(busy(), {.memory_bytes = 1ULL << 30U, .free_disk_bytes = 1ULL << 30U, .cores = 1});
  EXPECT_TRUE(warns(plan, "of memory while the index grows, and there are 1.00 GiB here"));
  EXPECT_TRUE(warns(plan, "of disk, and 1.00 GiB are free here"));
  EXPECT_TRUE(
      make_plan(busy(), {.memory_bytes = 64ULL << 30U, .free_disk_bytes = 1ULL << 40U, .cores = 1}).warnings.empty());
}

TEST(Plan, SharesTheStartAfterAKillAmongTheCores) {
  const double one = plan_of(busy()).start_after_kill_s;
  EXPECT_NEAR(one, 423.4e6 * 110e-9, 0.1);
  EXPECT_NEAR(make_plan(busy(), {.memory_bytes = {}, .free_disk_bytes = {}, .cores = 4}).start_after_kill_s, one / 4,
              1e-9);
}

TEST(Plan, OfAStoreWithSeveralTtlsStartsAfterAStopAsAfterAKillSinceNoIndexIsSaved) {
  Workload workload = busy();
  const Plan one = plan_of(workload);
  EXPECT_LT(one.start_after_clean_stop_s, one.start_after_kill_s);
  workload.several_ttls = true;
  const Plan several = plan_of(workload);
  EXPECT_EQ(several.start_after_kill_s, one.start_after_kill_s);
  EXPECT_EQ(several.start_after_clean_stop_s, several.start_after_kill_s);
  EXPECT_LT(several.disk_to_keep_bytes, one.disk_to_keep_bytes);
  EXPECT_NE(plan_text(workload, several).find("as after a kill"), std::string::npos) << plan_text(workload, several);
}

TEST(Plan, WarnsBeyondTheRateThatWasMeasured) {
  Workload workload = busy();
  workload.ttl = hours(1);
  workload.messages_per_s = measured::messages_per_s * 2;
  EXPECT_TRUE(warns(plan_of(workload), "messages/s where it was measured"));
}

TEST(Plan, SaysOfEachFigureWhetherItIsMeasuredOrComputed) {
  const std::string text = plan_text(busy(), plan_of(busy()));
  for (const char* part :
       {"423,36", "computed from the format", "measured: 18.8 bytes per key", "to set", "12 partitions"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
  const Json json = plan_json(busy(), plan_of(busy()));
  EXPECT_EQ(json["measured"]["disk_bytes_per_key"], measured::disk_bytes_per_key);
  EXPECT_EQ(json["needs"]["max_size_bytes"], plan_of(busy()).max_size_bytes);
}

TEST(Words, AreShortForEverySize) {
  EXPECT_EQ(about_size(0), "0 B");
  EXPECT_EQ(about_size(1023), "1.00 KiB");
  EXPECT_EQ(about_size(10.04 * gib), "10.0 GiB");
  EXPECT_EQ(about_size(512 * gib), "512 GiB");
  EXPECT_EQ(about_time(0.416), "0.42 s");
  EXPECT_EQ(about_time(19.2), "19 s");
  EXPECT_EQ(about_time(150), "2.5 min");
  EXPECT_EQ(about_time(86'400), "24 h");
}

}  // namespace
}  // namespace firstseen::plan
