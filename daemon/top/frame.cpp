#include "top/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace firstseen::top {
namespace {

std::string_view begin_of(Style style) {
  switch (style) {
    case Style::bold:
      return "\x1b[1m";
    case Style::good:
      return "\x1b[1;32m";
    case Style::warning:
      return "\x1b[1;33m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::plain:
      break;
  }
  return "";
}

/// How many bytes the character at the front takes; 0: none that may be shown.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size == 0 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  return size == 2 && first == 0xc2 && byte(1) < 0xa0 ? 0 : size;  // C1: control characters of eight bits
}

}  // namespace

std::string fitted(std::string_view text, std::size_t columns) {
  std::string shown;
  for (std::size_t column = 0; column < columns && !text.empty(); ++column) {
    const std::size_t bytes = character_bytes(text);
    shown += bytes == 0 ? std::string_view("?") : text.substr(0, bytes);
    text.remove_prefix(std::max<std::size_t>(1, bytes));
  }
  return shown;
}

std::string drawn(const Frame& frame, Size size) {
  std::string text = "\x1b[H";
  const std::size_t rows = std::min(frame.size(), size.rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string_view begin = begin_of(frame[row].style);
    text += fmt::format("{}{}{}\x1b[K{}", begin, fitted(frame[row].text, size.columns), begin.empty() ? "" : "\x1b[0m",
                        row + 1 < rows ? "\r\n" : "");
  }
  return text + "\x1b[J";
}

std::string plain(const Frame& frame) {
  std::string text;
  for (const Line& line : frame) text += fitted(line.text, std::numeric_limits<std::size_t>::max()) + "\n";
  return text;
}

}  // namespace firstseen::top
