#include "http/faces.h"

#include <string>
#include <string_view>
#include <utility>

namespace firstseen::http {
namespace {

Result<std::unique_ptr<Server>> start_one(std::string_view option, const config::Endpoint& endpoint,
                                          const Routes& routes, std::string_view pages, const LogSink& log) {
  auto server = Server::start(endpoint, [routes](const Request& request) { return routes.answer(request); });
  if (!server) {
    Error error = server.error();
    error.message = std::string(option) + ": " + error.message;
    return forward(std::move(error));
  }
  log(LogLevel::info, std::string(pages) + " at http://" + (*server)->address());
  return server;
}

}  // namespace

Result<Faces> Faces::start(const Options& options, const Sources& sources, const LogSink& log) {
  Faces faces;
  std::optional<Token> token;
  if (!options.token_file.empty()) {
    auto read = Token::read(options.token_file);
    if (!read) return forward(read.error());
    token = *read;
  }
  if (options.probe_listen) {
    auto server =
        start_one("http.probe_listen", *options.probe_listen, Routes(sources, Face::probes, {}), "probes", log);
    if (!server) return forward(server.error());
    faces.probes_ = std::move(*server);
  }
  if (options.listen) {
    const Face face = options.probe_listen ? Face::facts : Face::all;
    const std::string_view pages = options.probe_listen ? "metrics and status" : "metrics, status and probes";
    auto server = start_one("http.listen", *options.listen, Routes(sources, face, token), pages, log);
    if (!server) return forward(server.error());
    faces.main_ = std::move(*server);
  }
  return faces;
}

}  // namespace firstseen::http
