#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Small pieces of JSON text that the key's rules need to own, so that no verdict depends on a parser's version.
namespace firstseen::key {

/// Replaces the escapes in the inside of a JSON string (without its quotes) by what they stand for, in place: the
/// result is never longer. Returns the new length, or nothing when an escape is wrong (unknown, cut off, half a
/// surrogate pair); `fault` is then the index of its backslash and the bytes before it have been changed.
std::optional<std::size_t> unescape_in_place(char* text, std::size_t length, std::size_t& fault);

/// Index of the first byte that is not part of well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing
/// beyond U+10FFFF), or nothing.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// `text` without spaces, tabs, line feeds and carriage returns at its end.
std::string_view without_trailing_space(std::string_view text);

/// A JSON string with its quotes; `text` is UTF-8. Control characters are escaped, everything else is itself.
std::string json_quoted(std::string_view text);

}  // namespace firstseen::key
