// What a plan says of a store, and what the store itself says once it is filled so.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "store/inspect.h"
#include "store/seen_store.h"
#include "support/temporary_directory.h"

namespace firstseen::plan {
namespace {

constexpr Millis ttl{3'600'000};

struct Shape {
  const char* name;
  std::uint32_t batches;
  std::uint32_t keys_per_batch;
  std::uint32_t partitions;
  double unique_share;
};

/// A store with batches of new keys, 100 ms after each other, closed cleanly.
class FilledStore : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    auto opened = store::SeenStore::open({.directory = directory_.path() / "slot-0",
                                          .max_size_bytes = 256ULL << 20U,
                                          .durability = store::Durability::process_crash,
                                          .ttl = ttl,
                                          .clock = &clock_,
                                          .boot_id = "boot"});
    ASSERT_TRUE(opened) << opened.error().message;
    for (std::uint32_t batch = 0; batch < GetParam().batches; ++batch) add_batch(**opened, batch);
    (*opened)->settle();
    index_bytes_ = (*opened)->stats().index_bytes;
    ASSERT_TRUE((*opened)->close_clean());
  }

  /// The messages of a batch are dealt out to the partitions in turn; of each `1 / unique_share` one is new.
  void add_batch(store::SeenStore& store, std::uint32_t batch) {
    const Shape& shape = GetParam();
    const auto messages = static_cast<std::int64_t>(shape.keys_per_batch / shape.unique_share);
    const std::int64_t now_ms = 1'700'000'000'000 + std::int64_t{batch} * 100;
    const std::uint32_t ranges = std::min(shape.partitions, static_cast<std::uint32_t>(messages));
    const std::int64_t in_range = messages / ranges;
    std::vector<store::SourceRange> sources(ranges);
    for (std::uint32_t i = 0; i < ranges; ++i) {
      sources[i].tp = {"orders.of.the.whole.shop", static_cast<std::int32_t>(i)};
      sources[i].start = batch * in_range;
      sources[i].end = sources[i].start + in_range;
      sources[i].after = {sources[i].end, now_ms, 0, {}};
    }
    for (std::uint32_t i = 0; i < shape.keys_per_batch; ++i) {
      store::Entry entry;
      for (auto& byte : entry.digest.bytes) byte = static_cast<std::uint8_t>(random_());
      entry.range = i % ranges;
      entry.offset = sources[entry.range].start + i / ranges;
      entry.time_ms = now_ms + i % 1'000;
      store.stage(entry);
    }
    store.settle();
    ASSERT_TRUE(store.prepare(sources, std::numeric_limits<std::int64_t>::min(), false));
  }

  [[nodiscard]] Plan planned() const {
    const Shape& shape = GetParam();
    const double messages_per_s = shape.keys_per_batch / shape.unique_share * 10;
    return make_plan({.messages_per_s = messages_per_s,
                      .unique_share = shape.unique_share,
                      .partitions = shape.partitions,
                      .ttl = Millis{100} * shape.batches,
                      .commit_interval = Millis{100},
                      .max_batch = 100'000,
                      .refresh_on_duplicate = false,
                      .max_size_bytes = std::nullopt},
                     {});
  }

  SystemClock clock_;
  test::TemporaryDirectory directory_;
  std::mt19937 random_{7};
  std::uint64_t index_bytes_ = 0;
};

TEST_P(FilledStore, TakesTheDiskAndTheMemoryThatThePlanSays) {
  const auto facts = store::inspect(directory_.path() / "slot-0");
  ASSERT_TRUE(facts) << facts.error().message;
  const Plan plan = planned();
  const auto entries = static_cast<double>(facts->stats.live_entries);
  EXPECT_EQ(facts->stats.live_entries, GetParam().batches * GetParam().keys_per_batch);
  const double per_key = static_cast<double>(facts->stats.used_bytes) / entries;
  EXPECT_NEAR(plan.disk_bytes_per_key() / per_key, 1, 0.05) << per_key << " bytes per key in the store";
  EXPECT_LE(static_cast<double>(index_bytes_), plan.index_bytes_growing);
  EXPECT_GE(static_cast<double>(index_bytes_), entries * 8.5);
}

INSTANTIATE_TEST_SUITE_P(Store, FilledStore,
                         testing::Values(Shape{"AsInTheBenchmark", 40, 10'000, 1, 1},
                                         Shape{"OfManyPartitions", 40, 10'000, 200, 1},
                                         Shape{"WithDuplicates", 40, 5'000, 12, 0.5},
                                         Shape{"OfSmallBatches", 2'000, 100, 4, 1}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace firstseen::plan
