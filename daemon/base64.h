#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firstseen::daemon {

/// The bytes of a base64 text (RFC 4648, section 4: standard alphabet, padded, no line ends), or nothing.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace firstseen::daemon
