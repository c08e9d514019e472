// What tests take from the environment is taken as it is meant, or the test fails.
#include "support/environment.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>

namespace firstseen::test {
namespace {

constexpr const char* name = "FIRSTSEEN_A_NUMBER_OF_A_TEST";

TEST(NumberFromEnvironment, IsNothingWithoutTheVariable) {
  ASSERT_EQ(::unsetenv(name), 0);
  EXPECT_EQ(number_from_environment(name), std::nullopt);
}

TEST(NumberFromEnvironment, IsTheWholeNumber) {
  ASSERT_EQ(::setenv(name, "10000", 1), 0);
  EXPECT_EQ(number_from_environment(name), 10'000U);
  ASSERT_EQ(::setenv(name, "18446744073709551615", 1), 0);
  EXPECT_EQ(number_from_environment(name), UINT64_MAX);
}

TEST(NumberFromEnvironment, RefusesWhatIsNoWholeNumberAboveZero) {
  for (const char* text : {"", "all", "10k", "10_000", "1e4", "0", "-1", "+5", " 5", "5 ", "18446744073709551616"}) {
    ASSERT_EQ(::setenv(name, text, 1), 0);
    EXPECT_THROW(static_cast<void>(number_from_environment(name)), std::runtime_error) << "'" << text << "'";
  }
}

}  // namespace
}  // namespace firstseen::test
