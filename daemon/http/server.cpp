#include "http/server.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <system_error>

#include "http/listener.h"

namespace firstseen::http {
namespace {

/// How often connections are looked at whose time may be over.
constexpr int look_every_ms = 200;

/// GnuTLS's words for TLS 1.2 and 1.3 with ciphers that it takes for secure.
constexpr const char* protocols = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct DestroyResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};

bool send(MHD_Connection* connection, Response response) {
  const std::unique_ptr<MHD_Response, DestroyResponse> owned(
      MHD_create_response_from_buffer(response.body.size(), response.body.data(), MHD_RESPMEM_MUST_COPY));
  if (!owned) return false;
  response.headers.emplace_back("Content-Type", response.content_type);
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Connection", "close");  // a connection's time is a request's time
  for (const auto& [name, value] : response.headers) {
    if (MHD_add_response_header(owned.get(), name.c_str(), value.c_str()) != MHD_YES) return false;
  }
  return MHD_queue_response(connection, response.status, owned.get()) == MHD_YES;
}

}  // namespace

/// Nothing may throw from here: the callers are C.
class Server::Callbacks {
 public:
  static MHD_Result answer(void* server, MHD_Connection* connection, const char* path, const char* method,
                           const char* /*version*/, const char* /*upload*/, std::size_t* /*upload_size*/,
                           void** /*state*/) noexcept {
    try {
      Request request{.method = method, .path = path, .authorization = std::nullopt};
      const char* token = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
      if (token != nullptr) request.authorization = token;
      const char* refresh = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "refresh");
      if (refresh != nullptr) request.refresh = refresh;
      return send(connection, static_cast<Server*>(server)->handler_(request)) ? MHD_YES : MHD_NO;
    } catch (const std::exception&) {
      return MHD_NO;  // closes this connection
    }
  }

  static void note(void* server, MHD_Connection* connection, void** /*state*/,
                   MHD_ConnectionNotificationCode what) noexcept {
    auto& self = *static_cast<Server*>(server);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
      self.open_since_.emplace(connection, self.clock_.steady_ms());
    } else {
      self.open_since_.erase(connection);
    }
  }
};

void Server::Stop::operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }

Result<std::unique_ptr<Server>> Server::start(const config::Endpoint& endpoint, Handler handler, Limits limits,
                                              std::optional<Credentials> credentials) {
  auto listener = listen_at(endpoint);
  if (!listener) return forward(listener.error());
  auto server = make(std::move(*listener), std::move(handler), limits, std::move(credentials));
  if (server) (*server)->begin();
  return server;
}

Result<std::unique_ptr<Server>> Server::successor(std::optional<Credentials> credentials) const {
  control::Fd listener(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0));
  if (!listener.valid()) return fail(Exit::io, address_ + ": " + std::generic_category().message(errno));
  return make(std::move(listener), handler_, limits_, std::move(credentials));
}

Result<std::unique_ptr<Server>> Server::make(control::Fd listener, Handler handler, Limits limits,
                                             std::optional<Credentials> credentials) {
  control::Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return fail(Exit::io, "eventfd: " + std::generic_category().message(errno));
  std::unique_ptr<Server> server(  // NOLINT(modernize-make-unique): the constructor is private
      new Server(std::move(listener), std::move(wake), std::move(handler), limits, std::move(credentials)));
  if (auto opened = server->open(); !opened) return forward(opened.error());
  return server;
}

Server::Server(control::Fd listener, control::Fd wake, Handler handler, Limits limits,
               std::optional<Credentials> credentials)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      handler_(std::move(handler)),
      limits_(limits),
      credentials_(std::move(credentials)),
      address_(bound_address(listener_)) {}

Result<void> Server::open() {
  // Closed by libmicrohttpd when it stops; when it cannot start it depends on its version whether it closes it, so it
  // gets a descriptor that nobody else closes.
  const int listener = ::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0);
  if (listener < 0) return fail(Exit::io, address_ + ": " + std::generic_category().message(errno));
  unsigned flags = MHD_USE_EPOLL;
  std::array<MHD_OptionItem, 4> tls{};  // all zero: MHD_OPTION_END
  if (credentials_) {
    flags |= MHD_USE_TLS;
    tls = {{{MHD_OPTION_HTTPS_MEM_CERT, 0, credentials_->certificates.data()},
            {MHD_OPTION_HTTPS_MEM_KEY, 0, credentials_->key.data()},
            {MHD_OPTION_HTTPS_PRIORITIES, 0, const_cast<char*>(protocols)},  // only read
            {MHD_OPTION_END, 0, nullptr}}};
  }
  // No thread of libmicrohttpd's own: serve() is one that can also end connections whose time is over.
  const auto idle_s = static_cast<unsigned>(std::max<std::int64_t>(1, limits_.time.count() / 1000));
  daemon_.reset(MHD_start_daemon(flags, 0, nullptr, nullptr, &Callbacks::answer, this,  // NOLINT(*-vararg)
                                 MHD_OPTION_LISTEN_SOCKET, listener,                    //
                                 MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::note, this,  //
                                 MHD_OPTION_CONNECTION_LIMIT, limits_.connections,      //
                                 MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits_.connections_per_address,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits_.memory,  //
                                 MHD_OPTION_CONNECTION_TIMEOUT, idle_s,               //
                                 MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END));
  if (!daemon_) {
    return fail(Exit::io, address_ + ": libmicrohttpd does not start; is the limit of open files reached" +
                              (credentials_ ? ", or does GnuTLS not know this kind of certificate and key?" : "?"));
  }
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD);  // NOLINT(*-vararg)
  if (info == nullptr) return fail(Exit::internal, address_ + ": libmicrohttpd has no epoll descriptor");
  epoll_ = info->epoll_fd;
  return {};
}

void Server::begin() {
  thread_ = std::thread([this] { serve(); });
}

void Server::finish() { static_cast<void>(::eventfd_write(wake_.get(), 1)); }

Server::~Server() {
  stopping_ = true;
  static_cast<void>(::eventfd_write(wake_.get(), 1));
  if (thread_.joinable()) thread_.join();
}

void Server::serve() {
  bool busy = false;  // there were connections when MHD_run() was called last
  bool finishing = false;
  while (!finishing || !open_since_.empty()) {
    std::array<pollfd, 2> entries{pollfd{.fd = epoll_, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(entries.data(), entries.size(), wait_limit_ms(busy)) < 0 && errno != EINTR) return;
    if (entries[1].revents != 0) {
      eventfd_t wishes = 0;
      static_cast<void>(::eventfd_read(wake_.get(), &wishes));
      if (stopping_) return;
      take_no_more();
      finishing = true;
    }
    busy = !open_since_.empty();
    MHD_run(daemon_.get());
    cut_off_slow_clients();
  }
}

void Server::take_no_more() {
  const int listener = MHD_quiesce_daemon(daemon_.get());
  if (listener >= 0) ::close(listener);
}

/// At its limit libmicrohttpd stops listening, and it listens again in the call after the one that closed a connection:
/// that call must come, so there is no waiting without a limit right after a busy one.
int Server::wait_limit_ms(bool busy) const {
  MHD_UNSIGNED_LONG_LONG wanted_ms = look_every_ms;
  const bool wants = MHD_get_timeout(daemon_.get(), &wanted_ms) == MHD_YES;
  if (!busy && open_since_.empty() && !wants) return -1;
  return static_cast<int>(std::min<MHD_UNSIGNED_LONG_LONG>(wanted_ms, look_every_ms));
}

/// libmicrohttpd's own limit is one of silence, which a byte now and then gets around.
void Server::cut_off_slow_clients() {
  const std::int64_t oldest = clock_.steady_ms() - limits_.time.count();
  for (const auto& [connection, since_ms] : open_since_) {
    if (since_ms > oldest) continue;
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);  // NOLINT(*-vararg)
    if (info == nullptr) continue;
    const linger at_once{.l_onoff = 1, .l_linger = 0};  // nor does the kernel keep what the client does not read
    static_cast<void>(::setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    ::shutdown(info->connect_fd, SHUT_RDWR);
  }
}

}  // namespace firstseen::http
