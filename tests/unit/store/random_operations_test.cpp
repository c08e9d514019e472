#include <algorithm>

#include "support/environment.h"
#include "unit/store/random_run.h"

namespace firstseen::store::test {
namespace {

/// FIRSTSEEN_SEED repeats one run, FIRSTSEEN_STORE_RUNS is the most of one case.
std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const auto given = firstseen::test::number_from_environment("FIRSTSEEN_SEED")) return {*given};
  count = std::min(count, firstseen::test::number_from_environment("FIRSTSEEN_STORE_RUNS").value_or(count));
  std::vector<std::uint64_t> result;
  for (std::uint64_t seed = 1; seed <= count; ++seed) result.push_back(seed);
  return result;
}

void run_all(std::uint64_t count, const Setting& setting, bool must_evict) {
  bool evicted = false;
  std::uint64_t coalesced = 0;
  for (const std::uint64_t seed : seeds(count)) {
    SCOPED_TRACE(fmt::format("FIRSTSEEN_SEED={}", seed));
    RandomRun run(seed, setting);
    run.run(400);
    evicted = evicted || run.evicted();
    coalesced += run.coalesced();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(evicted, must_evict);
  EXPECT_EQ(coalesced != 0, setting.limits.coalesce.entries != 0);
}

/// Half of the records are small enough, and lie near enough to each other.
constexpr CoalesceLimits often{.entries = 500, .ttl_parts = 1};

/// Two of them share a log.
const std::vector<Millis> four_windows{Millis{1000}, Millis{300}, Millis{1700}, Millis{300}};

TEST(StoreAgainstOracle, RandomOperationsAgree) { run_all(10, {.limits = {.coalesce = often}}, false); }

TEST(StoreAgainstOracle, RandomOperationsAgreeWithRecordsThatStayAsTheyAre) {
  run_all(10, {.limits = {.coalesce = {.entries = 0}}}, false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWithoutSync) {
  run_all(10, {.durability = Durability::process_crash, .limits = {.coalesce = often}}, false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWhenTheOldestMustGoForMaxSize) {
  run_all(10, {.max_size = 96ULL << 10U, .limits = {.coalesce = often}}, true);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWhenPositionsWrapAround) {
  run_all(10, {.limits = {.first = 0xFFFFE000U, .longest_log = 1U << 30U, .coalesce = often}}, false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWhenPositionsRunOut) {
  run_all(10, {.limits = {.first = 0xFFFFE000U, .longest_log = 2048, .coalesce = often}}, true);
}

TEST(WindowsAgainstOracle, RandomOperationsAgreeInOneWindowWithAName) {
  run_all(5, {.limits = {.coalesce = often}, .windows = {Millis{1000}}}, false);
}

TEST(WindowsAgainstOracle, RandomOperationsAgreeInSeveralWhoseTtlsChange) {
  run_all(15, {.limits = {.coalesce = often}, .windows = four_windows}, false);
}

TEST(WindowsAgainstOracle, RandomOperationsAgreeWithoutSync) {
  run_all(10, {.durability = Durability::process_crash, .limits = {.coalesce = often}, .windows = four_windows}, false);
}

TEST(WindowsAgainstOracle, RandomOperationsAgreeWhenTheOldestMustGoForMaxSize) {
  run_all(10, {.max_size = 192ULL << 10U, .limits = {.coalesce = often}, .windows = four_windows}, true);
}

TEST(WindowsAgainstOracle, RandomOperationsAgreeWhenPositionsWrapAroundAndRunOut) {
  run_all(10, {.limits = {.first = 0xFFFFE000U, .longest_log = 2048, .coalesce = often}, .windows = four_windows},
          true);
}

}  // namespace
}  // namespace firstseen::store::test
