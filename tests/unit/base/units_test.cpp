#include "base/units.h"

#include <gtest/gtest.h>

#include <string>

namespace firstseen {
namespace {

TEST(Duration, IsReadWithItsUnitAndWrittenBackTheSame) {
  for (const char* text : {"0ms", "1ms", "999ms", "30s", "5m", "24h", "1h30m", "7d", "10y", "1y2d3h4m5s6ms"}) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parse_duration(format_duration(*parsed)).value(), *parsed) << text;
  }
  EXPECT_EQ(parse_duration("90m")->count(), 90LL * 60 * 1000);
  EXPECT_EQ(format_duration(*parse_duration("90m")), "1h30m");
}

TEST(Duration, WithoutUnitOrWithAnUnknownOneIsRefusedByName) {
  for (const char* text :
       {"", "5", "-5m", "5 m", "5x", "m", "1.5h", "999999999999999999999s", "300000000000y", "1h30"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("'" + std::string(text) + "'"), std::string::npos);
    EXPECT_EQ(parsed.error().exit, Exit::config);
  }
}

TEST(Size, IsReadWithItsUnitAndWrittenBackTheSame) {
  EXPECT_EQ(parse_size("64MiB").value(), 64ULL << 20U);
  EXPECT_EQ(parse_size("5MB").value(), 5'000'000U);
  for (const std::uint64_t size : {0ULL, 1ULL, 1023ULL, 1024ULL, 1ULL << 40U, (1ULL << 40U) + 1}) {
    EXPECT_EQ(parse_size(format_size(size)).value(), size);
  }
}

TEST(Size, WithoutUnitOrTooLargeIsRefused) {
  for (const char* text : {"", "64", "64MB64", "64 MiB", "-1B", "99999999999TiB", "64mib"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

}  // namespace
}  // namespace firstseen
