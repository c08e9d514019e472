#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <thread>

#include "base/error.h"
#include "control/socket.h"

namespace firstseen::control {

using Json = nlohmann::ordered_json;

/// Bounds of one conversation; what exceeds them is answered with an error where possible, then cut off.
inline constexpr std::size_t max_request_bytes = 16UL * 1024;
inline constexpr std::size_t max_connections = 16;
inline constexpr Millis request_limit{5'000};  ///< for the request to arrive, and for the reply to be read

/// Answers one request; called by several threads at once. The value becomes the reply's "result".
using Handler = std::function<Result<Json>(const Json& request)>;

/// Answers one JSON request line per connection on a Unix socket; the protocol is in daemon/README.md.
class Server {
 public:
  /// Listens and answers until destroyed, in threads of its own.
  static Result<std::unique_ptr<Server>> start(std::filesystem::path path, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

 private:
  struct Connection {
    Fd socket;
    std::atomic<bool> finished = false;
    std::jthread thread;
  };

  Server(std::filesystem::path path, Handler handler, Fd listener, Fd wake);
  void accept_loop();
  void take_connection();
  void converse(const Fd& socket) const;

  std::filesystem::path path_;
  Handler handler_;
  Fd listener_;
  Fd wake_;  ///< an eventfd; readable: stop
  std::list<Connection> connections_;
  std::jthread acceptor_;
};

}  // namespace firstseen::control
