#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "config/endpoint.h"
#include "control/socket.h"
#include "http/credentials.h"

struct MHD_Connection;
struct MHD_Daemon;

namespace firstseen::http {

/// What a handler sees of a request; a body is never read.
struct Request {
  std::string_view method;
  std::string_view path;  ///< decoded, without a query
  std::optional<std::string_view> authorization;
  std::optional<std::string_view> refresh = {};  ///< of the query, decoded: no page has another argument
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Called by the server's thread, one request at a time. Must not wait for anything.
using Handler = std::function<Response(const Request&)>;

/// What clients may take of a server. Connections beyond the first limit wait for their turn, beyond the second they
/// are closed at once.
struct Limits {
  unsigned connections = 128;
  unsigned connections_per_address = 32;
  std::size_t memory =
      16UL * 1024;      ///< of a connection: request line and headers; beyond it they get status 414 or 431
  Millis time{10'000};  ///< for a whole connection, which is one request and its response
};

/// Answers HTTP or HTTPS at one address in one thread of its own, which waits for nobody: a slow client costs a
/// connection until its time is over, nothing else.
class Server {
 public:
  /// Listens and answers until destroyed. Fails as listen_at() does.
  static Result<std::unique_ptr<Server>> start(const config::Endpoint& endpoint, Handler handler, Limits limits = {},
                                               std::optional<Credentials> credentials = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  /// "127.0.0.1:9464", as bound.
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Nothing: plain HTTP.
  [[nodiscard]] const std::optional<Credentials>& credentials() const { return credentials_; }

  /// The same at the same socket with other credentials. It takes no connection before begin().
  [[nodiscard]] Result<std::unique_ptr<Server>> successor(std::optional<Credentials> credentials) const;
  /// Answers, until destroyed.
  void begin();
  /// Takes no more connections; those that are open come to their end.
  void finish();

 private:
  struct Stop {
    void operator()(MHD_Daemon* daemon) const;
  };
  class Callbacks;  // what libmicrohttpd calls back

  static Result<std::unique_ptr<Server>> make(control::Fd listener, Handler handler, Limits limits,
                                              std::optional<Credentials> credentials);
  Server(control::Fd listener, control::Fd wake, Handler handler, Limits limits,
         std::optional<Credentials> credentials);
  Result<void> open();
  void serve();
  void take_no_more();
  [[nodiscard]] int wait_limit_ms(bool busy) const;
  void cut_off_slow_clients();

  control::Fd listener_;
  control::Fd wake_;  ///< an eventfd; readable: finish, or stop if stopping_
  Handler handler_;
  Limits limits_;
  std::optional<Credentials> credentials_;
  std::string address_;
  std::atomic<bool> stopping_ = false;
  SystemClock clock_;
  std::map<MHD_Connection*, std::int64_t> open_since_;  ///< steady ms
  std::unique_ptr<MHD_Daemon, Stop> daemon_;
  int epoll_ = -1;  ///< of daemon_; ready when it has something to do
  std::thread thread_;
};

}  // namespace firstseen::http
