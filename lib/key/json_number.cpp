#include "key/json_number.h"

#include <charconv>
#include <cstdint>

#include "key/encoding.h"

namespace firstseen::key {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits at the front of `text`, removed from it.
std::string_view take_digits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  const std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view without_leading_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view{} : digits.substr(first);
}

std::string_view without_trailing_zeros(std::string_view digits) {
  const std::size_t last = digits.find_last_not_of('0');
  return last == std::string_view::npos ? std::string_view{} : digits.substr(0, last + 1);
}

}  // namespace

bool scan_json_number(std::string_view token, JsonNumber& number) {
  number = {};
  number.negative = take(token, '-');
  number.integer = take_digits(token);
  if (number.integer.empty() || (number.integer.size() > 1 && number.integer.front() == '0')) return false;
  if (take(token, '.')) {
    number.fraction = take_digits(token);
    if (number.fraction.empty()) return false;
  }
  if (take(token, 'e') || take(token, 'E')) {
    number.exponent_negative = take(token, '-');
    if (!number.exponent_negative) take(token, '+');
    number.exponent = take_digits(token);
    if (number.exponent.empty()) return false;
  }
  return token.empty();
}

bool append_canonical_number(std::string& out, const JsonNumber& number) {
  // The significant digits are those of integer and fraction in a row, without the zeros at both ends.
  std::string_view fraction = without_trailing_zeros(number.fraction);
  std::string_view integer = number.integer;
  std::int64_t exponent = -static_cast<std::int64_t>(fraction.size());
  if (fraction.empty()) {
    integer = without_trailing_zeros(integer);
    exponent = static_cast<std::int64_t>(number.integer.size() - integer.size());
  }
  if (integer == "0") integer = {};
  if (integer.empty()) fraction = without_leading_zeros(fraction);
  if (integer.empty() && fraction.empty()) {
    append_sized(out, Tag::json_number, "0");
    return true;
  }

  const std::string_view written = without_leading_zeros(number.exponent);
  if (written.size() > max_exponent_digits) return false;
  std::int64_t shift = 0;
  std::from_chars(written.data(), written.data() + written.size(), shift);
  exponent += number.exponent_negative ? -shift : shift;

  char exponent_text[24];
  const auto end = std::to_chars(exponent_text, exponent_text + sizeof exponent_text, exponent).ptr;
  const std::string_view suffix(exponent_text, static_cast<std::size_t>(end - exponent_text));

  append_tag(out, Tag::json_number);
  append_length(out, (number.negative ? 1U : 0U) + integer.size() + fraction.size() + 1 + suffix.size());
  if (number.negative) out.push_back('-');
  out.append(integer);
  out.append(fraction);
  out.push_back('e');
  out.append(suffix);
  return true;
}

}  // namespace firstseen::key
