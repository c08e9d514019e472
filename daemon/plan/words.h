#pragma once

#include <cstdint>
#include <string>

namespace firstseen::plan {

/// The nearest whole number; of what is beyond 64 bits a large one.
std::uint64_t whole(double value);

/// "8.61 GiB": three digits, not exact.
std::string about_size(double bytes);

/// "0.42 s", "19 s", "12 min", "3.5 h", "40 d": not exact.
std::string about_time(double seconds);

}  // namespace firstseen::plan
