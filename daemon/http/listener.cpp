#include "http/listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>

namespace firstseen::http {
namespace {

/// Connections that the kernel keeps until they are accepted.
constexpr int backlog = 128;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string shown(const config::Endpoint& endpoint) {
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(ipv6 ? "[{}]:{}" : "{}:{}"), endpoint.host, endpoint.port);
}

Result<Addresses> addresses_of(const config::Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  Addresses addresses(found);
  if (error == 0) return addresses;
  const Exit exit = error == EAI_AGAIN                           ? Exit::try_again  // names are not known yet
                    : error == EAI_MEMORY || error == EAI_SYSTEM ? Exit::io
                                                                 : Exit::config;
  return fail(exit, fmt::format("{}: the host is not known here: {}", shown(endpoint), ::gai_strerror(error)));
}

/// Without names.
std::optional<config::Endpoint> numeric(const sockaddr& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(&address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return std::nullopt;
  }
  return config::Endpoint{.host = host.data(), .port = static_cast<std::uint16_t>(std::stoul(port.data()))};
}

/// Whether a socket bound to the one address takes connections to the other, too.
bool covers(const std::string& bound, const std::string& other) {
  return bound == other || bound == "::" || (bound == "0.0.0.0" && other.find(':') == std::string::npos);
}

/// The error is errno's.
tl::expected<control::Fd, int> bind_to(const addrinfo& address) {
  control::Fd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (!socket.valid()) return tl::unexpected(errno);
  const int yes = 1;  // a port that only closed connections still hold is free
  static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0) return tl::unexpected(errno);
  if (::listen(socket.get(), backlog) != 0) return tl::unexpected(errno);
  return socket;
}

tl::unexpected<Error> refusal(const config::Endpoint& endpoint, int error) {
  if (error == EADDRINUSE) {
    return fail(Exit::try_again, fmt::format("{} is in use by another program (or another firstseen): choose another "
                                             "port, or an empty text to do without",
                                             shown(endpoint)));
  }
  const std::string advice = error == EACCES          ? "; ports below 1024 are the system's: choose a higher one"
                             : error == EADDRNOTAVAIL ? "; it must be an address of this machine"
                                                      : "";
  const bool ours = error == EACCES || error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
  return fail(ours ? Exit::config : Exit::io, fmt::format("cannot listen at {}: {}{}", shown(endpoint),
                                                          std::generic_category().message(error), advice));
}

}  // namespace

Result<control::Fd> listen_at(const config::Endpoint& endpoint) {
  const auto addresses = addresses_of(endpoint);
  if (!addresses) return forward(addresses.error());
  int first_error = 0;
  for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    auto bound = bind_to(*address);
    if (bound) return std::move(*bound);
    if (first_error == 0) first_error = bound.error();
    if (bound.error() == EADDRINUSE) return refusal(endpoint, EADDRINUSE);  // not half of a name
  }
  return refusal(endpoint, first_error);
}

std::string bound_address(const control::Fd& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface's way
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(listener.get(), generic, &size) != 0) return "an unknown address";
  const auto bound = numeric(*generic, size);
  return bound ? shown(*bound) : "an unknown address";
}

bool stands_in_the_way(const std::string& bound, const config::Endpoint& endpoint) {
  const auto held = config::parse_endpoint(bound);
  if (!held || held->port != endpoint.port) return false;
  const auto addresses = addresses_of(endpoint);
  if (!addresses) return false;
  for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    const auto wanted = numeric(*address->ai_addr, address->ai_addrlen);
    if (wanted && (covers(held->host, wanted->host) || covers(wanted->host, held->host))) return true;
  }
  return false;
}

}  // namespace firstseen::http
