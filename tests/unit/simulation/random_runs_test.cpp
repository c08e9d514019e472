// Random runs by seed. FIRSTSEEN_SIM_SEED=N repeats one run with a trace on stderr; FIRSTSEEN_SIM_RUNS=N changes how
// many runs all shards make together (10,000).
#include <gtest/gtest.h>

#include <string>

#include "run.h"
#include "support/environment.h"

namespace firstseen::simulation {
namespace {

constexpr std::uint64_t shards = 8;

void expect_kept(const RunSummary& run, std::uint64_t seed) {
  for (const std::string& violation : run.violations)
    ADD_FAILURE() << "FIRSTSEEN_SIM_SEED=" << seed << ": " << violation;
}

/// What the runs of one shard did, to know that they reach what they are meant to reach.
struct Sum {
  int runs = 0;
  int failed = 0;
  int with_two_hosts = 0;
  std::size_t events = 0;
  RunSummary all;

  void add(const RunSummary& run) {
    ++runs;
    failed += run.violations.empty() ? 0 : 1;
    with_two_hosts += run.hosts > 1 ? 1 : 0;
    events += run.events;
    all.kills += run.kills;
    all.volumes_lost += run.volumes_lost;
    all.windows_grown += run.windows_grown;
    all.histories_refused += run.histories_refused;
    all.leaders_waited_for += run.leaders_waited_for;
    all.lost_assignments += run.lost_assignments;
    all.handovers += run.handovers;
    all.unknown_outcomes += run.unknown_outcomes;
    for (std::size_t s = 0; s < all.steps_seen.size(); ++s) {
      all.steps_seen[s] += run.steps_seen[s];
      all.kills_at[s] += run.kills_at[s];
    }
  }
  /// What is met at least several times as often, so that chance cannot fail it. A shard under sanitizers has 125 runs.
  void expect_much() const {
    if (runs < 100) return;
    EXPECT_GT(events, static_cast<std::size_t>(runs) * 10) << "the runs do too little to prove anything";
    EXPECT_GT(all.kills, runs / 2);
    EXPECT_GT(with_two_hosts, runs / 10);
    EXPECT_GT(all.lost_assignments, runs / 20);
    EXPECT_GT(all.handovers, runs / 20);
    EXPECT_GT(all.volumes_lost, 0);
    EXPECT_GT(all.windows_grown, 0);
    for (std::size_t s = 0; s < all.steps_seen.size(); ++s)
      EXPECT_GT(all.steps_seen[s], 0) << dedup::step_names[s] << " was never reached";
    if (runs >= 500) expect_the_rare();
  }
  void expect_the_rare() const {
    EXPECT_GT(all.unknown_outcomes, 0);
    EXPECT_GT(all.histories_refused, 0);
    EXPECT_GT(all.leaders_waited_for, 0);
    for (std::size_t s = 0; s < all.kills_at.size() && runs >= 1000; ++s)
      EXPECT_GT(all.kills_at[s], 0) << "nobody was killed at " << dedup::step_names[s];
  }
};

class RandomRuns : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomRuns, KeepEveryPromise) {
  if (const auto seed = test::number_from_environment("FIRSTSEEN_SIM_SEED")) {
    expect_kept(random_run(*seed, {}, true), *seed);
    return;
  }
  const std::uint64_t all_runs = test::number_from_environment("FIRSTSEEN_SIM_RUNS").value_or(10'000);
  Sum sum;
  for (std::uint64_t seed = 1 + GetParam(); seed <= all_runs && sum.failed < 10; seed += shards) {
    const RunSummary run = random_run(seed, {}, false);
    expect_kept(run, seed);
    sum.add(run);
  }
  if (sum.failed == 0) sum.expect_much();
}

INSTANTIATE_TEST_SUITE_P(Shard, RandomRuns, testing::Range<std::uint64_t>(0, shards));

}  // namespace
}  // namespace firstseen::simulation
