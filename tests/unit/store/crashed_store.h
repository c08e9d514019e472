#pragma once

#include "unit/store/support.h"

namespace firstseen::store::test {

/// A store in process_crash durability with `batches` batches of one partition, left without a clean stop.
inline OpenOptions crashed_store(const std::filesystem::path& directory, int batches) {
  auto options = options_for(directory);
  options.durability = Durability::process_crash;
  options.ttl = Millis{8};  // so short that each batch keeps a record of its own
  const auto store = open_or_fail(options);
  for (int i = 0; i < batches; ++i) {
    const std::int64_t start = 10L * i;
    const std::array ranges = {range_of("t", 0, start, start + 10, 1000 + i)};
    for (std::uint64_t k = 0; k < 300; ++k) {
      store->stage(seen(static_cast<std::uint64_t>(i) * 1000 + k, 1000 + i, start));
    }
    EXPECT_TRUE(succeeded(store->prepare(ranges, never, false)));
    if (i + 1 < batches) store->settle();
  }
  return options;
}

/// Does a line of the report hold this text?
inline bool says(const std::vector<std::string>& report, const std::string& text) {
  for (const std::string& line : report) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace firstseen::store::test
