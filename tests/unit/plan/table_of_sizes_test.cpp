// The table of lib/store/README.md: what so many keys take, computed from the bytes that were measured.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "plan/figures.h"
#include "plan/plan.h"

namespace firstseen::plan {
namespace {

constexpr double billion = 1e9;

std::string contents(const std::string& name) {
  std::ifstream in(std::string(FIRSTSEEN_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Three digits, as in the table.
std::string in_words(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", bytes / 1e6) : fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string row(const std::string& name, double keys) {
  return fmt::format("| {} | {} | {} | {} | {} |\n", name, in_words(keys * measured::disk_bytes_per_key),
                     in_words(keys * measured::index_bytes_per_key),
                     in_words(keys * measured::index_bytes_per_key_growing),
                     in_words(keys * bound::most_index_bytes_per_key_growing));
}

TEST(TableOfSizes, IsWhatFollowsFromTheMeasuredBytes) {
  const std::string readme = contents("lib/store/README.md");
  for (const std::string& expected : {row("20 million", 20e6), row("100 million", 100e6), row("300 million", 300e6),
                                      row("1 billion (computed, not measured)", billion)}) {
    EXPECT_NE(readme.find(expected), std::string::npos) << "lib/store/README.md has no row\n" << expected;
  }
  const std::string per_key =
      fmt::format("{:g} bytes of disk per key, {:g} of memory at rest and {:g} while the index grows",
                  measured::disk_bytes_per_key, measured::index_bytes_per_key, measured::index_bytes_per_key_growing);
  EXPECT_NE(readme.find(per_key), std::string::npos) << "lib/store/README.md does not say: " << per_key;
}

/// A day's worth or so of batches of 10,000, as the benchmark of the store has them.
Workload of_a_billion() {
  return {.messages_per_s = 10'000,
          .unique_share = 1,
          .partitions = 1,
          .ttl = Millis{100'000'000},
          .commit_interval = Millis{1'000},
          .max_batch = 100'000,
          .refresh_on_duplicate = false,
          .max_size_bytes = std::nullopt,
          .several_ttls = false};
}

TEST(Plan, ForABillionKeysFollowsFromTheMeasuredBytes) {
  const Plan plan = make_plan(of_a_billion(), {});
  EXPECT_NEAR(plan.entries, billion, 20'000);
  EXPECT_NEAR(plan.disk_bytes / (billion * measured::disk_bytes_per_key), 1, 0.05);
  EXPECT_NEAR(plan.index_bytes, plan.entries * bound::index_bytes_per_key, 1);
  EXPECT_GE(plan.index_bytes, billion * measured::index_bytes_per_key);
  EXPECT_NEAR(plan.index_bytes_growing, plan.entries * measured::index_bytes_per_key_growing, 1);
  EXPECT_LE(plan.index_bytes_growing, plan.entries * bound::most_index_bytes_per_key_growing);
  EXPECT_LT(plan.positions, most_positions()) << "one store holds them";
  EXPECT_EQ(plan.covered_share, 1);
  EXPECT_TRUE(plan.warnings.empty()) << plan.warnings.front();
}

}  // namespace
}  // namespace firstseen::plan
