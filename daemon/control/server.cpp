#include "control/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace firstseen::control {
namespace {

Json refusal(const Error& error) {
  return {{"ok", false}, {"exit", static_cast<int>(error.exit)}, {"error", error.message}};
}

void reply(const Fd& socket, const Json& answer) {
  // Topic names and the like may hold any bytes; the reply is valid JSON whatever they are.
  const std::string line = answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // Whoever does not read the reply has no use for an error either.
  static_cast<void>(write_all(socket, line, request_limit));
}

Json answer_to(const std::string& line, const Handler& handler) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) {
    return refusal({.action = Action::stop, .exit = Exit::bad_data, .message = "the request is not a JSON object"});
  }
  try {
    auto result = handler(request);
    if (!result) return refusal(result.error());
    return {{"ok", true}, {"result", std::move(*result)}};
  } catch (const std::exception& error) {
    return refusal({.action = Action::stop, .exit = Exit::internal, .message = error.what()});
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(std::filesystem::path path, Handler handler) {
  auto listener = listen_at(path);
  if (!listener) return forward(listener.error());
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return fail(Exit::io, "eventfd: " + std::generic_category().message(errno));
  return std::unique_ptr<Server>(new Server(std::move(path), std::move(handler), std::move(*listener),  // NOLINT
                                            std::move(wake)));
}

Server::Server(std::filesystem::path path, Handler handler, Fd listener, Fd wake)
    : path_(std::move(path)),
      handler_(std::move(handler)),
      listener_(std::move(listener)),
      wake_(std::move(wake)),
      acceptor_([this] { accept_loop(); }) {}

Server::~Server() {
  static_cast<void>(::eventfd_write(wake_.get(), 1));
  acceptor_.join();
  for (const Connection& connection : connections_) ::shutdown(connection.socket.get(), SHUT_RDWR);
  connections_.clear();
  ::unlink(path_.c_str());
}

void Server::accept_loop() {
  while (true) {
    std::array<pollfd, 2> entries{pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return;
    if (entries[1].revents != 0) return;
    if (entries[0].revents != 0) take_connection();
  }
}

void Server::take_connection() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  std::erase_if(connections_, [](const Connection& connection) { return connection.finished.load(); });
  if (!socket.valid()) return;
  if (connections_.size() >= max_connections) {
    // A reply of this size fits into the socket's buffer: this never waits.
    reply(socket, refusal({.action = Action::retry,
                           .exit = Exit::try_again,
                           .message = "too many connections to the control socket; try again"}));
    return;
  }
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  connection.thread = std::jthread([this, &connection] {
    converse(connection.socket);
    ::shutdown(connection.socket.get(), SHUT_RDWR);
    connection.finished = true;
  });
}

void Server::converse(const Fd& socket) const {
  const auto line = read_line(socket, max_request_bytes, request_limit);
  reply(socket, line ? answer_to(*line, handler_) : refusal(line.error()));
}

}  // namespace firstseen::control
