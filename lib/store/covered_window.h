#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "base/clock.h"
#include "base/error.h"

namespace firstseen::store {

/// How far back from `now_ms` a window of `ttl` really reaches, by the clock of its entries: less than all of it while
/// some that would still count are gone (Stats::evicted_before_ms).
inline Millis covered_window(Millis ttl, std::int64_t evicted_before_ms, std::int64_t now_ms) {
  if (evicted_before_ms < 0) return ttl;
  return std::clamp(Millis{now_ms - evicted_before_ms}, Millis{0}, ttl);
}

/// The same of a store on disk, also one that this or another process has open, for the longest of its windows. Reads
/// a few rows, however large the store is.
Result<Millis> covered_window(const std::filesystem::path& directory, std::int64_t now_ms);

}  // namespace firstseen::store
