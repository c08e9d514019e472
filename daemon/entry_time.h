#pragma once

#include <cstdint>
#include <string>

#include "base/time_text.h"

namespace firstseen {

/// When an entry of a store was made, for people. A key that is forgotten in a store without any other has no time: 0.
inline std::string entry_time(std::int64_t ms) { return format_time(ms == 0 ? -1 : ms); }

}  // namespace firstseen
