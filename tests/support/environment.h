#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace firstseen::test {

/// The whole number above 0 in an environment variable, if it is set. Throws at anything else, so that the test that
/// asks fails: with another number than was meant it could prove nothing.
inline std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* set = std::getenv(name);
  if (set == nullptr) return std::nullopt;
  const std::string_view text(set);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number > 0) return number;
  throw std::runtime_error(std::string(name) + "='" + set + "' is no whole number above 0");
}

}  // namespace firstseen::test
