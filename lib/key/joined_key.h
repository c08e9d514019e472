#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

/// Keys as other systems make them: parts joined to one text, and its SHA-256. firstseen's own encoding needs no
/// separator; these are for taking over from a system that has keys already.
namespace firstseen::key {

/// The parts with the separator between them. Refused (Exit::bad_data) where other parts would give the same text: a
/// part contains the separator, or together with a separator beside it makes one more. At least one part and a
/// separator of at least one byte are needed; parts may be empty and hold any bytes.
Result<std::string> join_parts(std::span<const std::string_view> parts, std::string_view separator);

/// SHA-256 of the joined parts, 64 lower-case hexadecimal digits.
Result<std::string> joined_key(std::span<const std::string_view> parts, std::string_view separator = "|");

/// SHA-256 of a text, 64 lower-case hexadecimal digits. Exit::config where OpenSSL does not offer it.
Result<std::string> sha256_hex(std::string_view text);

}  // namespace firstseen::key
