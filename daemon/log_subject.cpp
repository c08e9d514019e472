#include "log_subject.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace firstseen {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// What names of topics, hosts and files are made of, besides digits and letters.
bool joins_names(char c) { return c == '.' || c == '-' || c == '_' || c == '/' || c == ':'; }

/// A name or a number goes on there, or is indexed.
bool goes_on(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  if (text[at] == '[') return true;
  return joins_names(text[at]) && at + 1 < text.size() && (is_digit(text[at + 1]) || is_letter(text[at + 1]));
}

/// Where the duration that begins at this digit ends ("400 ms", "3h"), or a limiter's count ("7 similar lines"). 0: it
/// is another number.
std::size_t end_of_duration(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 6> units{"ms", "s", "m", "h", "d", "similar"};
  std::size_t unit = std::min(text.find_first_not_of("0123456789.,", at), text.size());
  if (unit < text.size() && text[unit] == ' ') ++unit;
  std::size_t end = unit;
  while (end < text.size() && is_letter(text[end])) ++end;
  const bool is_unit = std::ranges::find(units, text.substr(unit, end - unit)) != units.end();
  return is_unit && !goes_on(text, end) ? end : 0;
}

}  // namespace

std::string log_subject(LogLevel level, std::string_view text) {
  std::string subject = std::to_string(static_cast<int>(level)) + ' ';
  bool within_name = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = within_name || !is_digit(text[at]) ? 0 : end_of_duration(text, at);
    if (end == 0) {
      within_name = is_digit(text[at]) || is_letter(text[at]) || joins_names(text[at]);
      subject += text[at++];
      continue;
    }
    if (subject.back() != '#') subject += '#';
    at = end;
  }
  return subject;
}

}  // namespace firstseen
