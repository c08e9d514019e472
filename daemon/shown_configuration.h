#pragma once

#include <cstdint>
#include <string>

namespace firstseen {

/// The configuration in force, as people are shown it.
struct ShownConfiguration {
  std::string file;               ///< where it was read
  std::string text;               ///< every option as `firstseen validate --effective` prints it, without secrets
  std::int64_t loaded_at_ms = 0;  ///< wall clock; at the start or by the last reload that changed something
};

/// By which two configurations are told apart: 16 hexadecimal digits.
std::string fingerprint(const std::string& text);

}  // namespace firstseen
