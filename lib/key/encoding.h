#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The canonical encoding's building blocks, as lib/key/README.md specifies them byte by byte. Every function appends
/// to a buffer that the caller reuses.
namespace firstseen::key {

/// First byte of every encoding; another encoding gets another version, and stores of the old one are refused.
inline constexpr std::uint8_t encoding_version = 1;

/// What a part is: the first byte of a part.
enum class PartKind : std::uint8_t {
  name_space = 0x01,
  topic = 0x02,
  partition = 0x03,
  record_key = 0x04,
  header = 0x05,
  payload = 0x06,
  payload_pointer = 0x07,
  timestamp = 0x08,
  text = 0x09,  ///< what stands between a template's placeholders
  rule = 0x0a,  ///< the name of the rule whose key it is
};

/// The type of a value: the first byte of a value.
enum class Tag : std::uint8_t {
  missing = 0x00,     ///< nothing is there, and on_missing is as_null
  kafka_null = 0x01,  ///< a null record key, header value or record value, and on_missing is as_null
  bytes = 0x02,
  text = 0x03,
  integer = 0x04,
  json_null = 0x10,
  json_false = 0x11,
  json_true = 0x12,
  json_number = 0x13,
  json_string = 0x14,
  json_array = 0x15,
  json_object = 0x16,
  json_end = 0x1f,  ///< closes an array or object
};

inline void append_byte(std::string& out, std::uint8_t byte) { out.push_back(static_cast<char>(byte)); }
inline void append_tag(std::string& out, Tag tag) { append_byte(out, static_cast<std::uint8_t>(tag)); }
inline void append_kind(std::string& out, PartKind kind) { append_byte(out, static_cast<std::uint8_t>(kind)); }

/// Unsigned LEB128, shortest form: seven bits a byte, lowest first, the high bit set on all but the last byte.
inline void append_length(std::string& out, std::uint64_t length) {
  while (length >= 0x80) {
    append_byte(out, static_cast<std::uint8_t>(length | 0x80U));
    length >>= 7U;
  }
  append_byte(out, static_cast<std::uint8_t>(length));
}

/// A tag, the length, the bytes.
inline void append_sized(std::string& out, Tag tag, std::string_view bytes) {
  append_tag(out, tag);
  append_length(out, bytes.size());
  out.append(bytes);
}

/// Tag::integer and eight bytes, two's complement, highest first.
inline void append_integer(std::string& out, std::int64_t value) {
  append_tag(out, Tag::integer);
  const auto bits = static_cast<std::uint64_t>(value);
  for (unsigned shift = 64; shift > 0; shift -= 8) append_byte(out, static_cast<std::uint8_t>(bits >> (shift - 8)));
}

}  // namespace firstseen::key
