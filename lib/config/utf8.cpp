#include "config/utf8.h"

#include <cstdint>

namespace firstseen::config {
namespace {

/// What may follow a lead byte: how many bytes, and the bounds of the first of them (the others: 80 to BF).
struct Sequence {
  std::size_t continuations;
  std::uint8_t first_min;
  std::uint8_t first_max;
};

/// RFC 3629, section 4; an empty range for bytes that begin nothing.
Sequence sequence_of(std::uint8_t lead) {
  if (lead < 0x80) return {0, 0x80, 0xBF};
  if (lead < 0xC2) return {1, 1, 0};
  if (lead < 0xE0) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead < 0xF0) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead < 0xF4) return {3, 0x80, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {1, 1, 0};
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  std::size_t at = 0;
  while (at < text.size()) {
    const Sequence sequence = sequence_of(byte(at));
    if (text.size() - at <= sequence.continuations) return at;
    for (std::size_t i = 1; i <= sequence.continuations; ++i) {
      const std::uint8_t min = i == 1 ? sequence.first_min : 0x80;
      const std::uint8_t max = i == 1 ? sequence.first_max : 0xBF;
      if (byte(at + i) < min || byte(at + i) > max) return at;
    }
    at += sequence.continuations + 1;
  }
  return at;
}

}  // namespace firstseen::config
