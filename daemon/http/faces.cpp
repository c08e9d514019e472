#include "http/faces.h"

#include <string>
#include <string_view>
#include <utility>

namespace firstseen::http {

void Gate::become(const Routes& routes) {
  auto fresh = std::make_shared<const Routes>(routes);
  const std::scoped_lock lock(mutex_);
  routes_.swap(fresh);
}

std::shared_ptr<const Routes> Gate::current() const {
  const std::scoped_lock lock(mutex_);
  return routes_;
}

Result<Faces::Wanted> Faces::prepare_one(const Listener& present, std::string_view option,
                                         const std::optional<config::Endpoint>& endpoint, const Routes& routes,
                                         std::string_view pages, const LogSink& log) {
  Wanted wanted{.endpoint = endpoint, .routes = routes, .server = nullptr, .gate = nullptr};
  if (!endpoint || endpoint == present.endpoint) return wanted;
  wanted.gate = std::make_shared<Gate>(routes);
  auto server =
      Server::start(*endpoint, [gate = wanted.gate](const Request& request) { return gate->answer(request); });
  if (!server) {
    Error error = server.error();
    error.message = std::string(option) + ": " + error.message;
    return forward(std::move(error));
  }
  log(LogLevel::info, std::string(pages) + " at http://" + (*server)->address());
  wanted.server = std::move(*server);
  return wanted;
}

Result<Faces::Change> Faces::prepare(const Options& options, const LogSink& log) const {
  std::optional<Token> token;
  if (!options.token_file.empty()) {
    auto read = Token::read(options.token_file);
    if (!read) return forward(read.error());
    token = *read;
  }
  auto probes = prepare_one(probes_, "http.probe_listen", options.probe_listen, Routes(sources_, Face::probes, {}),
                            "probes", log);
  if (!probes) return forward(probes.error());
  const Face face = options.probe_listen ? Face::facts : Face::all;
  const std::string_view pages = options.probe_listen ? "metrics and status" : "metrics, status and probes";
  auto main = prepare_one(main_, "http.listen", options.listen, Routes(sources_, face, token), pages, log);
  if (!main) return forward(main.error());
  return Change{.main = std::move(*main), .probes = std::move(*probes)};
}

void Faces::apply_one(Listener& present, Wanted wanted) {
  if (wanted.server || !wanted.endpoint) {
    present = {.endpoint = wanted.endpoint, .gate = std::move(wanted.gate), .server = std::move(wanted.server)};
  } else {
    present.gate->become(*wanted.routes);
  }
}

void Faces::apply(Change change) {
  apply_one(probes_, std::move(change.probes));
  apply_one(main_, std::move(change.main));
}

}  // namespace firstseen::http
