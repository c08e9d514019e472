#include "plan/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace firstseen::plan {

std::uint64_t whole(double value) {
  constexpr double most = 9e18;
  return static_cast<std::uint64_t>(std::llround(std::min(value, most)));
}

std::string about_size(double bytes) {
  constexpr std::array<std::string_view, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  const int places = bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : places, units.at(unit));
}

std::string about_time(double seconds) {
  constexpr std::array<std::pair<double, std::string_view>, 4> units{
      {{365 * 86'400.0, "y"}, {86'400, "d"}, {3'600, "h"}, {60, "min"}}};
  for (const auto& [length, name] : units) {
    if (seconds >= 2 * length) return fmt::format("{:.3g} {}", seconds / length, name);
  }
  return seconds < 10 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

}  // namespace firstseen::plan
