#include "http/routes.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "http/probes.h"
#include "metrics/exposition.h"
#include "metrics/families.h"
#include "page/status_page.h"
#include "status_report.h"

namespace firstseen::http {
namespace {

struct Route {
  std::string_view path;
  bool is_probe;
  Response (*answer)(const Sources& sources, MadePages& made, const Request& request);
};

template <Response (*answer)(const Picture&)>
Response probe(const Sources& sources, MadePages& /*made*/, const Request& /*request*/) {
  return answer(sources.board.look());
}

Response status_json(const Sources& /*sources*/, MadePages& made, const Request& /*request*/) {
  const auto make = [](const Sources& sources) {
    return to_text(status_to_json(sources.board.look(), sources.recent.history()));
  };
  return {.status = 200, .body = made.get("/status.json", make), .content_type = "application/json", .headers = {}};
}

Response metrics_text(const Sources& /*sources*/, MadePages& made, const Request& /*request*/) {
  const auto make = [](const Sources& sources) { return metrics::exposition(sources.board.look()); };
  return {.status = 200,
          .body = made.get("/metrics", make),
          .content_type = std::string(metrics::content_type),
          .headers = {}};
}

template <bool stands_still>
std::string rendered_page(const Sources& sources) {
  return page::render(
      {.picture = sources.board.look(), .history = sources.recent.history(), .stands_still = stands_still});
}

Response status_page(const Sources& /*sources*/, MadePages& made, const Request& request) {
  const bool stands_still = request.refresh == "0";
  return {.status = 200,
          .body = stands_still ? made.get("/status?refresh=0", rendered_page<true>)
                               : made.get("/status", rendered_page<false>),
          .content_type = "text/html; charset=utf-8",
          .headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'"}}};
}

constexpr std::array<Route, 6> routes{{{"/livez", true, probe<livez>},
                                       {"/readyz", true, probe<readyz>},
                                       {"/startupz", true, probe<startupz>},
                                       {"/metrics", false, metrics_text},
                                       {"/status", false, status_page},
                                       {"/status.json", false, status_json}}};

Response refusal(unsigned status, std::string body, const char* header = nullptr, const char* value = nullptr) {
  Response response{.status = status, .body = std::move(body), .headers = {}};
  if (header != nullptr) response.headers.emplace_back(header, value);
  return response;
}

bool has(Face face, const Route& route) { return face == Face::all || (face == Face::probes) == route.is_probe; }

}  // namespace

Response Routes::answer(const Request& request) const {
  const auto route =
      std::ranges::find_if(routes, [&](const Route& one) { return one.path == request.path && has(face_, one); });
  if (route == routes.end()) return refusal(404, "there is no such page\n");
  if (request.method != "GET" && request.method != "HEAD") {
    return refusal(405, "only GET and HEAD are answered\n", "Allow", "GET, HEAD");
  }
  if (!route->is_probe && !admits(request)) {
    return refusal(401, "the header 'Authorization: Bearer TOKEN' is needed, with the token of http.token_file\n",
                   "WWW-Authenticate", "Bearer realm=\"firstseen\"");
  }
  return route->answer(sources_, *made_, request);
}

bool Routes::admits(const Request& request) const {
  if (!token_) return true;
  return request.authorization && token_->matches(*request.authorization);
}

}  // namespace firstseen::http
