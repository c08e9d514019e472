#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "output.h"

// The lists of a status for people, each with a bound, so that all of it fits a screen; --json has them whole.

namespace firstseen {

/// A word for a person: of what is stopped, waiting is what goes on by itself.
std::string mode_text(const Json& partition);

/// Those first that somebody should look at: stopped, then waiting, then rebuilding; of the same kind those that lag
/// most, otherwise in their order.
std::vector<Json> sorted_partitions(const Json& status);

/// "5m", or - where nobody knows.
std::string window_text(std::int64_t ms);

/// Those covered least are shown if there are many.
std::string windows_text(const Json& windows);

/// What is not 0, and of the reasons for rejections the most frequent.
std::string counters_text(const Json& counters);

/// As sorted_partitions() has them, as many as fit into `room` lines with the reasons of those that stand still, but
/// one at least.
std::string partitions_text(const Json& status, std::size_t room);

}  // namespace firstseen
