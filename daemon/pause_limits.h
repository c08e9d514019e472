#pragma once

#include <cstddef>

#include "base/clock.h"

namespace firstseen {

/// What a daemon takes with a request to pause: how long the asker waits for what is in flight, and who asks, why.
inline constexpr Millis longest_pause_wait{3'600'000};
inline constexpr std::size_t most_asker_bytes = 400;

}  // namespace firstseen
