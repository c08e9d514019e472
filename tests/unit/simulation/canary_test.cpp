// A simulation that finds nothing proves nothing: every deliberate defect must be found within a few hundred seeds,
// by a violation of what it breaks.
#include "canary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "run.h"

namespace firstseen::simulation {
namespace {

constexpr std::uint64_t most_seeds = 300;

bool shows(const RunSummary& run, std::string_view violation) {
  return std::any_of(run.violations.begin(), run.violations.end(),
                     [&](const std::string& text) { return text.find(violation) != std::string::npos; });
}

class Canaries : public testing::TestWithParam<Canary> {};

TEST_P(Canaries, AreFound) {
  for (std::uint64_t seed = 1; seed <= most_seeds; ++seed) {
    if (!random_run(seed, {}, false).violations.empty()) continue;
    if (shows(random_run(seed, GetParam().interposers, false), GetParam().shows)) {
      RecordProperty("found_by_seed", std::to_string(seed));
      return;
    }
  }
  FAIL() << GetParam().name << " breaks \"" << GetParam().breaks << "\", but in " << most_seeds
         << " runs no violation has said \"" << GetParam().shows << "\"";
}

INSTANTIATE_TEST_SUITE_P(Each, Canaries, testing::ValuesIn(canaries()),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace firstseen::simulation
