#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "config/endpoint.h"
#include "http/credentials.h"
#include "http/routes.h"
#include "http/server.h"
#include "http/token.h"

namespace firstseen::http {

/// The section http of the configuration.
struct Options {
  std::optional<config::Endpoint> listen;
  std::optional<config::Endpoint> probe_listen;  ///< nothing: the probes are answered at `listen`
  std::filesystem::path token_file;              ///< empty: no token is asked for
  std::optional<TlsFiles> tls;                   ///< nothing: `listen` speaks plain HTTP, as `probe_listen` always does

  [[nodiscard]] bool any() const { return listen || probe_listen; }
};

/// The pages of a listener, which may become others while it answers. Thread-safe.
class Gate {
 public:
  explicit Gate(const Routes& routes) : routes_(std::make_shared<const Routes>(routes)) {}
  Response answer(const Request& request) const { return current()->answer(request); }
  void become(const Routes& routes);

 private:
  [[nodiscard]] std::shared_ptr<const Routes> current() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Routes> routes_;  // guarded by mutex_
};

/// The daemon's HTTP listeners, for as long as this lives. One thread at a time.
class Faces {
 public:
  /// One of the two listeners, as another configuration wants it.
  struct Wanted {
    std::optional<config::Endpoint> endpoint;
    std::optional<Routes> routes;
    std::unique_ptr<Server> server;  ///< unless the present one stays
    std::shared_ptr<Gate> gate;      ///< its pages, if its address is another one; it answers already then
  };
  struct Line {
    LogLevel level;
    std::string text;
  };
  /// What another configuration needs, beside what answers now.
  struct Change {
    Wanted main;
    Wanted probes;
    std::vector<Line> told;  ///< to log when it is applied
    std::optional<Token> token;
    std::vector<std::string> renewed;  ///< options whose file, of whatever name, has another content than before
  };

  /// None at first.
  explicit Faces(const Sources& sources) : sources_(sources) {}

  /// Everything that can fail: binds, and reads token, certificate and key. Nothing is changed; a change that is not
  /// applied leaves nothing behind. The error begins with the option that it is about.
  [[nodiscard]] Result<Change> prepare(const Options& options) const;
  /// Listeners that keep their address keep their connections.
  void apply(Change change, const LogSink& log);
  /// When the certificate that is shown ends; nothing: no listener speaks TLS.
  [[nodiscard]] std::optional<std::int64_t> certificate_until_ms() const;

 private:
  struct Listener {
    std::optional<config::Endpoint> endpoint;
    std::shared_ptr<Gate> gate;
    std::unique_ptr<Server> server;
    std::unique_ptr<Server> finishing;  ///< the one before, with other credentials; answers whom it has taken
  };
  /// What a listener is asked to be.
  struct Wish {
    std::string_view option;
    const std::optional<config::Endpoint>& endpoint;
    Routes routes;
    std::string_view pages;
    std::optional<Credentials> credentials;
  };
  Result<Wanted> prepare_one(const Listener& present, const Wish& wish, std::vector<Line>& told) const;
  [[nodiscard]] Error refusal(const Wish& wish, Error error) const;
  [[nodiscard]] std::vector<std::string> renewed(const std::optional<Token>& token,
                                                 const std::optional<Credentials>& credentials) const;
  static void apply_one(Listener& present, Wanted wanted);

  Sources sources_;
  Listener main_;
  Listener probes_;
  std::optional<Token> token_;
};

}  // namespace firstseen::http
