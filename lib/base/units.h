#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace firstseen {

/// Reads a duration such as "100ms", "30s", "5m", "24h", "7d", "10y" (365 days); whole numbers only, a unit is
/// required, parts may be joined ("1h30m"). Fails on overflow of 64-bit milliseconds, an unknown or missing unit, a
/// negative number.
Result<Millis> parse_duration(std::string_view text);

/// Reads a size such as "512KiB", "64MiB", "1GiB", "4TiB" (powers of 1024), "100kB", "5MB", "1GB" (powers of 1000) or
/// "100B". A unit is required.
Result<std::uint64_t> parse_size(std::string_view text);

/// The shortest text that parse_duration reads back to the same value ("1h30m", "0ms").
std::string format_duration(Millis duration);

/// The shortest exact text in binary units that parse_size reads back ("64MiB", "1000B").
std::string format_size(std::uint64_t bytes);

}  // namespace firstseen
