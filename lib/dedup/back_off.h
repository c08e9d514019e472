#pragma once

#include <algorithm>
#include <cstdint>

namespace firstseen::dedup {

/// How long to wait after so many failures in a row.
constexpr std::int64_t back_off_ms(int failures) {
  constexpr std::int64_t first_ms = 100;
  constexpr std::int64_t longest_ms = 5000;
  return std::min(first_ms << static_cast<unsigned>(std::min(failures, 6)), longest_ms);
}

}  // namespace firstseen::dedup
