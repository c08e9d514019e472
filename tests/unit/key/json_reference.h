#pragma once

#include <string_view>

namespace firstseen::key {

/// A second opinion that shares no code with the library: is all of `text` one JSON text by RFC 8259, in UTF-8, without
/// a byte order mark, nested at most `max_depth` deep? Written for plainness, byte by byte from the grammar.
bool is_json_by_reference(std::string_view text, unsigned max_depth);

}  // namespace firstseen::key
