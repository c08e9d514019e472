// Random runs by seed. FIRSTSEEN_SIM_SEED=N repeats one run with a trace on stderr; FIRSTSEEN_SIM_RUNS=N changes how
// many runs all shards make together (10,000).
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "run.h"

namespace firstseen::simulation {
namespace {

constexpr std::uint64_t shards = 8;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void expect_kept(const RunSummary& run, std::uint64_t seed) {
  for (const std::string& violation : run.violations)
    ADD_FAILURE() << "FIRSTSEEN_SIM_SEED=" << seed << ": " << violation;
}

class RandomRuns : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomRuns, KeepEveryPromise) {
  if (const std::uint64_t seed = number_from_environment("FIRSTSEEN_SIM_SEED", 0); seed != 0) {
    expect_kept(random_run(seed, {}, true), seed);
    return;
  }
  const std::uint64_t runs = number_from_environment("FIRSTSEEN_SIM_RUNS", 10'000) / shards;
  std::size_t events = 0;
  int kills = 0;
  std::array<int, dedup::step_names.size()> steps{};
  int failed = 0;
  for (std::uint64_t i = 0; i < runs && failed < 10; ++i) {
    const std::uint64_t seed = 1 + i * shards + GetParam();
    const RunSummary run = random_run(seed, {}, false);
    expect_kept(run, seed);
    failed += run.violations.empty() ? 0 : 1;
    events += run.events;
    kills += run.kills;
    for (std::size_t s = 0; s < steps.size(); ++s) steps[s] += run.steps_seen[s];
  }
  if (failed > 0 || runs < 500) return;
  EXPECT_GT(events, runs * 10) << "the runs do too little to prove anything";
  EXPECT_GT(kills, 100);
  for (std::size_t s = 0; s < steps.size(); ++s) EXPECT_GT(steps[s], 0) << dedup::step_names[s] << " was never reached";
}

INSTANTIATE_TEST_SUITE_P(Shard, RandomRuns, testing::Range<std::uint64_t>(0, shards));

}  // namespace
}  // namespace firstseen::simulation
