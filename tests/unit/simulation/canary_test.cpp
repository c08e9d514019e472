// A simulation that finds nothing proves nothing: every deliberate defect must be found within a few hundred seeds.
#include "canary.h"

#include <gtest/gtest.h>

#include "run.h"

namespace firstseen::simulation {
namespace {

constexpr std::uint64_t most_seeds = 300;

class Canaries : public testing::TestWithParam<Canary> {};

TEST_P(Canaries, AreFound) {
  for (std::uint64_t seed = 1; seed <= most_seeds; ++seed) {
    if (!random_run(seed, {}, false).violations.empty()) continue;
    if (!random_run(seed, GetParam().interposers, false).violations.empty()) {
      RecordProperty("found_by_seed", std::to_string(seed));
      return;
    }
  }
  FAIL() << GetParam().name << " breaks \"" << GetParam().breaks << "\" and was not found in " << most_seeds << " runs";
}

INSTANTIATE_TEST_SUITE_P(Each, Canaries, testing::ValuesIn(canaries()),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace firstseen::simulation
