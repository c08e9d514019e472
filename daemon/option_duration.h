#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/units.h"

namespace firstseen {

/// As window.ttl of the configuration.
inline constexpr Millis longest_duration = std::chrono::hours(24 * 365 * 100);

/// The duration that an option was given; Exit::usage, with the bounds, for one below `least` or above 100 years.
inline Result<Millis> read_duration(std::string_view option, std::string_view text, Millis least = Millis{1}) {
  const auto duration = parse_duration(text);
  if (!duration) return fail(Exit::usage, fmt::format("{}: {}", option, duration.error().message));
  if (*duration >= least && *duration <= longest_duration) return *duration;
  return fail(Exit::usage, fmt::format("{}: must be from {} to {}", option, format_duration(least),
                                       format_duration(longest_duration)));
}

}  // namespace firstseen
