#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "config/endpoint.h"
#include "http/routes.h"
#include "http/server.h"

namespace firstseen::http {

/// The section http of the configuration.
struct Options {
  std::optional<config::Endpoint> listen;
  std::optional<config::Endpoint> probe_listen;  ///< nothing: the probes are answered at `listen`
  std::filesystem::path token_file;              ///< empty: no token is asked for

  [[nodiscard]] bool any() const { return listen || probe_listen; }
};

/// The daemon's HTTP listeners, for as long as this lives.
class Faces {
 public:
  /// The error begins with the option that it is about.
  static Result<Faces> start(const Options& options, const Sources& sources, const LogSink& log);

 private:
  std::unique_ptr<Server> main_;
  std::unique_ptr<Server> probes_;
};

}  // namespace firstseen::http
