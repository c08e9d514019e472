#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace firstseen {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t second_ms = 1000;
constexpr std::uint64_t day_ms = 24ULL * 3600 * second_ms;
constexpr std::array<Unit, 6> duration_units{
    {{"y", 365 * day_ms}, {"d", day_ms}, {"h", 3600 * second_ms}, {"m", 60 * second_ms}, {"s", second_ms}, {"ms", 1}}};
constexpr std::array<Unit, 9> size_units{{{"TiB", 1ULL << 40U},
                                          {"GiB", 1ULL << 30U},
                                          {"MiB", 1ULL << 20U},
                                          {"KiB", 1ULL << 10U},
                                          {"TB", 1000ULL * 1000 * 1000 * 1000},
                                          {"GB", 1000ULL * 1000 * 1000},
                                          {"MB", 1000ULL * 1000},
                                          {"kB", 1000},
                                          {"B", 1}}};

/// Reads one "number unit" pair from the front of `text` and removes it; nothing when it is not one or overflows.
bool read_pair(std::string_view& text, std::span<const Unit> units, std::uint64_t& value) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  std::size_t letters = 0;
  while (letters < text.size() && (text[letters] < '0' || text[letters] > '9')) ++letters;
  for (const Unit& unit : units) {
    if (text.substr(0, letters) != unit.name) continue;
    text.remove_prefix(letters);
    return !__builtin_mul_overflow(number, unit.factor, &value);
  }
  return false;
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  std::string_view rest = text;
  std::uint64_t total = 0;
  do {
    std::uint64_t part = 0;
    if (!read_pair(rest, duration_units, part) || __builtin_add_overflow(total, part, &total) ||
        total > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return fail(Exit::config,
                  fmt::format("'{}' is not a duration: write a whole number and a unit (ms, s, m, h, d, y), "
                              "for example 500ms, 24h or 1h30m",
                              text));
    }
  } while (!rest.empty());
  return Millis{static_cast<std::int64_t>(total)};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  std::uint64_t value = 0;
  if (!read_pair(rest, size_units, value) || !rest.empty()) {
    return fail(Exit::config,
                fmt::format("'{}' is not a size: write a whole number and a unit (B, KiB, MiB, GiB, TiB, kB, MB, "
                            "GB, TB), for example 64MiB",
                            text));
  }
  return value;
}

std::string format_duration(Millis duration) {
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (rest == 0) return "0ms";
  std::string text;
  for (const Unit& unit : duration_units) {
    if (rest < unit.factor) continue;
    text += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return text;
}

std::string format_size(std::uint64_t bytes) {
  for (const Unit& unit : std::span(size_units).first<4>()) {
    if (bytes != 0 && bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
  }
  return fmt::format("{}B", bytes);
}

}  // namespace firstseen
