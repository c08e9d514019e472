#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace firstseen::config {

/// Where to listen.
struct Endpoint {
  std::string host;        ///< a name or an address, IPv6 without brackets
  std::uint16_t port = 0;  ///< 0: any free one

  bool operator==(const Endpoint&) const = default;
};

/// Reads HOST:PORT or [ADDRESS]:PORT. The error (Exit::config) is worded to follow an option's name.
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace firstseen::config
