#pragma once

#include <cstddef>
#include <string_view>

namespace firstseen::config {

/// The index of the first byte that is not part of well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms,
/// nothing above U+10FFFF); the text's size when all of it is.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace firstseen::config
