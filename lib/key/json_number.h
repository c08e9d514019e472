#pragma once

#include <string>
#include <string_view>

namespace firstseen::key {

/// A JSON number taken apart; the views point into the token.
struct JsonNumber {
  bool negative = false;
  std::string_view integer;   ///< digits before the point; "0" or without a leading zero
  std::string_view fraction;  ///< digits behind the point; may be empty
  bool exponent_negative = false;
  std::string_view exponent;  ///< digits of the exponent as written; empty: none
};

/// Takes `token` apart when all of it is a number by RFC 8259, section 6. Returns false otherwise.
bool scan_json_number(std::string_view token, JsonNumber& number);

/// How many digits a written exponent may have in a key, leading zeros not counted.
inline constexpr std::size_t max_exponent_digits = 18;

/// Appends the canonical decimal text (lib/key/README.md): equal numbers have equal texts, whatever their spelling, and
/// no number is rounded. Returns false, having appended nothing, when the exponent is longer than max_exponent_digits
/// and the number is not zero.
bool append_canonical_number(std::string& out, const JsonNumber& number);

}  // namespace firstseen::key
