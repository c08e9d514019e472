// The five classic mistakes of idempotency, and fencing: the guarantees hold, and each fails when its mistake is put
// in.
#include <gtest/gtest.h>

#include <algorithm>

#include "mutants.h"

namespace firstseen::idempotency::test {
namespace {

constexpr int attempts_at_a_race = 50;

using OneGuarantee = std::tuple<Guarantee, Bench::Kind>;
class Guarantees : public testing::TestWithParam<OneGuarantee> {};

TEST_P(Guarantees, Holds) {
  const auto& [guarantee, kind] = GetParam();
  const auto broken = guarantee.broken(kind, [](std::shared_ptr<ResultStore> store) { return store; });
  EXPECT_FALSE(broken) << *broken;
}

INSTANTIATE_TEST_SUITE_P(Each, Guarantees,
                         testing::Combine(testing::ValuesIn(guarantees()),
                                          testing::Values(Bench::Kind::memory, Bench::Kind::lmdb)),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param).name) + name_of(std::get<1>(one.param));
                         });

using OneMutant = std::tuple<Mutant, Bench::Kind>;
class Mistakes : public testing::TestWithParam<OneMutant> {};

TEST_P(Mistakes, AreFound) {
  const auto& [mutant, kind] = GetParam();
  const auto guarantee = std::find_if(guarantees().begin(), guarantees().end(),
                                      [&one = mutant](const Guarantee& each) { return each.name == one.breaks; });
  ASSERT_NE(guarantee, guarantees().end());
  for (int i = 0; i < attempts_at_a_race; ++i) {
    if (guarantee->broken(kind, mutant.wrap)) return;
  }
  FAIL() << mutant.name << " was put in, and " << mutant.breaks << " did not notice";
}

TEST_P(Mistakes, BreakNothingElseThatWouldHideThem) {
  const auto& [mutant, kind] = GetParam();
  // The other guarantees still run to their end: the mutant is one mistake, not a wreck.
  const Bench bench(kind);
  Handler handler(mutant.wrap(bench.store), {.clock = &bench.clock});
  EXPECT_TRUE(handler.start(key("a"))->claim);
}

INSTANTIATE_TEST_SUITE_P(Each, Mistakes,
                         testing::Combine(testing::ValuesIn(mutants()),
                                          testing::Values(Bench::Kind::memory, Bench::Kind::lmdb)),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param).name) + name_of(std::get<1>(one.param));
                         });

}  // namespace
}  // namespace firstseen::idempotency::test
