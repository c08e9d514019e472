#include "key/json_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

namespace firstseen::key {
namespace {

/// What a one-letter escape stands for; nothing for 'u' and for letters that are not escapes.
std::optional<char> short_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return std::nullopt;
  }
}

/// The value of "\uXXXX" at the front of `text`.
std::optional<std::uint32_t> unicode_escape(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    value <<= 4U;
    if (c >= '0' && c <= '9') {
      value += static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value += static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

/// A code point and how many characters its escape took.
struct Escaped {
  std::uint32_t code_point;
  std::size_t length;
};

std::optional<Escaped> code_point_escape(std::string_view text) {
  const auto first = unicode_escape(text);
  if (!first) return std::nullopt;
  if (*first < 0xd800 || *first > 0xdfff) return Escaped{*first, 6};
  if (*first > 0xdbff) return std::nullopt;
  const auto second = unicode_escape(text.substr(6));
  if (!second || *second < 0xdc00 || *second > 0xdfff) return std::nullopt;
  return Escaped{0x10000 + ((*first - 0xd800) << 10U) + (*second - 0xdc00), 12};
}

/// Writes UTF-8 and returns the place behind it.
char* put_utf8(char* to, std::uint32_t c) {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0U | (c >> 6U));
    put(0x80U | (c & 0x3fU));
  } else if (c < 0x10000) {
    put(0xe0U | (c >> 12U));
    put(0x80U | ((c >> 6U) & 0x3fU));
    put(0x80U | (c & 0x3fU));
  } else {
    put(0xf0U | (c >> 18U));
    put(0x80U | ((c >> 12U) & 0x3fU));
    put(0x80U | ((c >> 6U) & 0x3fU));
    put(0x80U | (c & 0x3fU));
  }
  return to;
}

/// Length of the well-formed UTF-8 sequence at the front of `text` (not empty), or 0.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

}  // namespace

std::optional<std::size_t> unescape_in_place(char* text, std::size_t length, std::size_t& fault) {
  const char* from = text;
  const char* const end = text + length;
  char* to = text;
  while (from < end) {
    if (*from != '\\') {
      *to++ = *from++;
      continue;
    }
    const std::string_view rest(from, static_cast<std::size_t>(end - from));
    fault = length - rest.size();
    if (rest.size() < 2) return std::nullopt;
    if (const auto letter = short_escape(rest[1])) {
      *to++ = *letter;
      from += 2;
    } else if (const auto escaped = code_point_escape(rest)) {
      to = put_utf8(to, escaped->code_point);
      from += escaped->length;
    } else {
      return std::nullopt;
    }
  }
  return static_cast<std::size_t>(to - text);
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_sequence(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string_view without_trailing_space(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\n\r");
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace firstseen::key
