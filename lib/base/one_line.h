#pragma once

#include <string>
#include <string_view>

namespace firstseen {

/// Control characters as \xHH, so that no name of a file and no payload makes lines of its own or moves the cursor;
/// everything else as it is.
std::string on_one_line(std::string_view text);

}  // namespace firstseen
