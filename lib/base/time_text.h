#pragma once

#include <cstdint>
#include <string>

namespace firstseen {

/// Milliseconds since the epoch as "2026-11-21T04:05:06.789Z"; "-" for negative values, which mean "none".
std::string format_time(std::int64_t ms);

}  // namespace firstseen
