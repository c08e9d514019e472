#pragma once

#include <string>
#include <string_view>

#include "control/socket.h"

namespace firstseen::http::test {

/// What came back on a connection; status 0 when nothing, or no HTTP, did.
struct Reply {
  int status = 0;
  std::string head;  ///< status line and headers
  std::string body;

  [[nodiscard]] bool has_header(std::string_view line) const;
};

/// Connects to "127.0.0.1:9464" or "[::1]:9464".
control::Fd connect_to(const std::string& address);

/// Sends these bytes, then reads until the other side closes.
Reply converse(const std::string& address, std::string_view bytes);
Reply read_reply(const control::Fd& socket);
/// All that a connection brought.
Reply parse_reply(const std::string& text);

/// One well-formed request; `headers` end in CRLF each.
Reply request(const std::string& address, std::string_view method, std::string_view path,
              std::string_view headers = "");
inline Reply get(const std::string& address, std::string_view path, std::string_view headers = "") {
  return request(address, "GET", path, headers);
}

}  // namespace firstseen::http::test
