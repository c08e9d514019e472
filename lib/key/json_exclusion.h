#pragma once

#include <string>
#include <string_view>

#include "key/json_pointer.h"

namespace firstseen::key {

/// Appends to `out` the canonical encoding of a JSON value (as JsonSelector makes it) without the members and elements
/// that the tree's pointers lead to; none of them may be the whole value. Elements behind one that is left out move up.
void append_without(std::string_view encoding, const PointerTree& excluded, std::string& out);

}  // namespace firstseen::key
