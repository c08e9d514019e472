#include "config/endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace firstseen::config {
namespace {

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

bool is_ipv6_address(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return fail(Exit::config, "is a URL; only HOST:PORT is wanted");
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (bracketed && (colon == std::string_view::npos || colon == 0 || text[colon - 1] != ']')) {
    return fail(Exit::config, "is not [ADDRESS]:PORT");
  }
  if (colon == std::string_view::npos) return fail(Exit::config, "is not HOST:PORT");
  std::string_view host = text.substr(0, colon);
  if (host.empty()) {
    return fail(Exit::config,
                "names no host: write 0.0.0.0:9464 to listen on every IPv4 address, [::]:9464 on every one");
  }
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6_address(host)) return fail(Exit::config, "has no IPv6 address between [ and ]");
  } else if (host.find(':') != std::string_view::npos) {
    return fail(Exit::config, "has more than one colon: write an IPv6 address in brackets, [::1]:9464");
  } else if (!is_host_name(host)) {
    return fail(Exit::config, "has no host name before the port");
  }
  const auto port = port_number(text.substr(colon + 1));
  if (!port) return fail(Exit::config, "has no port from 0 to 65535 behind the colon");
  return Endpoint{std::string(host), *port};
}

}  // namespace firstseen::config
