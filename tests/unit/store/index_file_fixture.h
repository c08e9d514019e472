#pragma once

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "unit/store/support.h"

namespace firstseen::store::test {

namespace fs = std::filesystem;

/// A store, and what a clean stop leaves of its index.
class SavedIndexFile : public testing::Test {
 protected:
  static constexpr std::uint64_t keys = 30'000;

  SavedIndexFile() : options_(options_for(directory_.path() / "store")) {}

  [[nodiscard]] fs::path file() const { return options_.directory / "index"; }

  static void add(SeenStore& store, std::uint64_t first_key, std::uint64_t count, bool decided = true) {
    for (std::uint64_t i = 0; i < count; ++i) store.stage(seen(first_key + i, 100, static_cast<std::int64_t>(i)));
    const auto known = store.partitions().find({"t", 0});
    const std::int64_t start = known == store.partitions().end() ? 0 : known->second.next_offset;
    const SourceRange range = range_of("t", 0, start, start + static_cast<std::int64_t>(count));
    ASSERT_TRUE(succeeded(store.prepare({&range, 1}, never, decided)));
  }

  /// A store with keys 0 to `keys`, stopped cleanly with its index.
  void make_saved(const OpenOptions& options) {
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    for (std::uint64_t first = 0; first < keys; first += 1000) ASSERT_NO_FATAL_FAILURE(add(*store, first, 1000));
    ASSERT_NO_FATAL_FAILURE(stop(*store));
  }
  void make_saved() { ASSERT_NO_FATAL_FAILURE(make_saved(options_)); }

  static void stop(SeenStore& store) {
    ASSERT_TRUE(succeeded(store.close_clean()));
    const std::string line = store.save_index(index_save_time);
    ASSERT_TRUE(line.starts_with("index saved")) << line;
  }

  /// Opens the store; it must have come to its index in this way, and hold exactly keys 0 to `count`.
  std::unique_ptr<SeenStore> open_and_check(const std::string& origin, std::uint64_t count = keys) {
    auto store = open_or_fail(options_);
    if (!store) return store;
    EXPECT_TRUE(store->note("index")->starts_with(origin)) << *store->note("index");
    EXPECT_TRUE(says(store->open_report(), "index " + origin));
    EXPECT_FALSE(fs::exists(file())) << "an open store has changed already";
    EXPECT_EQ(store->stats().live_entries, count);
    for (std::uint64_t key = 0; key < count; ++key) {
      if (!store->find(digest_of(key), 100)) {
        ADD_FAILURE() << "key " << key << " is missing";
        break;
      }
    }
    for (std::uint64_t key = count; key < count + 1000; ++key) EXPECT_FALSE(store->find(digest_of(key), 100)) << key;
    return store;
  }

  static bool says(const std::vector<std::string>& report, const std::string& text) {
    return std::ranges::any_of(report, [&](const auto& line) { return line.find(text) != std::string::npos; });
  }
  void expect_ignored(const std::string& why, std::uint64_t count = keys) {
    const auto store = open_and_check("read from", count);
    ASSERT_TRUE(store);
    EXPECT_TRUE(says(store->open_report(), "is not used: ")) << why;
    EXPECT_TRUE(says(store->open_report(), why)) << testing::PrintToString(store->open_report());
  }

  static std::string content_of(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write_file(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }

  TemporaryDirectory directory_;
  OpenOptions options_;
};

}  // namespace firstseen::store::test
