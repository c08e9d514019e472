#include "component/http/client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace firstseen::http::test {
namespace {

constexpr Millis patience{30'000};

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

bool Reply::has_header(std::string_view line) const {
  return head.find(fmt::format("\r\n{}\r\n", line)) != std::string::npos;
}

control::Fd connect_to(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) {
    throw std::invalid_argument(address);
  }
  const std::unique_ptr<addrinfo, FreeAddresses> owned(found);
  control::Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) != 0) {
    throw std::system_error(errno, std::generic_category(), address);
  }
  return socket;
}

Reply read_reply(const control::Fd& socket) {
  std::string text;
  std::array<char, 65536> piece{};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd entry{.fd = socket.get(), .events = POLLIN, .revents = 0};
    ::poll(&entry, 1, 100);
    const ssize_t got = ::recv(socket.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return parse_reply(text);
}

Reply parse_reply(const std::string& text) {
  Reply reply;
  const std::size_t end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.") || end == std::string::npos) return reply;
  reply.head = text.substr(0, end + 2);
  reply.body = text.substr(end + 4);
  std::from_chars(&text[9], &text[12], reply.status);
  return reply;
}

Reply converse(const std::string& address, std::string_view bytes) {
  const control::Fd socket = connect_to(address);
  // A server that has read enough may close before all is sent; what it answered tells.
  static_cast<void>(control::write_all(socket, bytes, patience));
  return read_reply(socket);
}

Reply request(const std::string& address, std::string_view method, std::string_view path, std::string_view headers) {
  return converse(address, fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}\r\n", method, path, headers));
}

}  // namespace firstseen::http::test
