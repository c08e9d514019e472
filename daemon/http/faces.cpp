#include "http/faces.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/time_text.h"
#include "http/listener.h"
#include "http/remarks.h"

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

namespace {

tl::unexpected<Error> refused(const Complaint& complaint) {
  return fail(Exit::config, fmt::format("{}: {}", complaint.option, complaint.text));
}

Result<std::optional<Token>> read_token(const std::filesystem::path& file) {
  if (file.empty()) return std::optional<Token>();
  auto token = Token::read(file);
  if (!token) return refused(token.error());
  return std::optional<Token>(*token);
}

Result<std::optional<Credentials>> read_tls(const std::optional<TlsFiles>& files) {
  if (!files) return std::optional<Credentials>();
  auto credentials = read_credentials(*files);
  if (!credentials) return refused(credentials.error());
  return std::optional<Credentials>(std::move(*credentials));
}

std::string described(const Credentials& credentials) {
  return fmt::format("http.tls: a certificate{}{}, valid until {}", credentials.subject.empty() ? "" : " of ",
                     credentials.subject, format_time(credentials.valid_until_ms));
}

}  // namespace

/// What is bound before the present listeners close cannot have their ports.
Error Faces::refusal(const Wish& wish, Error error) const {
  for (const Listener* own : {&main_, &probes_}) {
    if (error.exit != Exit::try_again || !own->server) continue;
    if (!stands_in_the_way(own->server->address(), *wish.endpoint)) continue;
    error.exit = Exit::config;
    error.message = fmt::format(
        "this daemon itself has {} ({} until now), and a reload does not hand a port over: "
        "restart the daemon, or choose another port",
        own->server->address(), own == &main_ ? "http.listen" : "http.probe_listen");
  }
  error.message = std::string(wish.option) + ": " + error.message;
  return error;
}

Result<Faces::Wanted> Faces::prepare_one(const Listener& present, const Wish& wish, std::vector<Line>& told) const {
  Wanted wanted{.endpoint = wish.endpoint, .routes = wish.routes, .server = nullptr, .gate = nullptr};
  if (!wish.endpoint) return wanted;
  const bool stays = wish.endpoint == present.endpoint;
  if (stays && wish.credentials == present.server->credentials()) return wanted;
  if (!stays) wanted.gate = std::make_shared<Gate>(wish.routes);
  auto server =
      stays ? present.server->successor(wish.credentials)
            : Server::start(
                  *wish.endpoint, [gate = wanted.gate](const Request& request) { return gate->answer(request); },
                  Limits{}, wish.credentials);
  if (!server) return forward(refusal(wish, server.error()));
  wanted.server = std::move(*server);
  told.push_back({LogLevel::info, fmt::format("{} at {}://{}", wish.pages, wish.credentials ? "https" : "http",
                                              wanted.server->address())});
  if (wish.credentials) told.push_back({LogLevel::info, described(*wish.credentials)});
  return wanted;
}

std::vector<std::string> Faces::renewed(const std::optional<Token>& token,
                                        const std::optional<Credentials>& credentials) const {
  std::vector<std::string> options;
  if (token && token_ && *token != *token_) options.emplace_back("http.token_file");
  const bool had_tls = main_.server && main_.server->credentials();
  if (credentials && had_tls && credentials != main_.server->credentials()) {
    options.emplace_back("http.tls.certificate");
  }
  return options;
}

Result<Faces::Change> Faces::prepare(const Options& options) const {
  const auto token = read_token(options.token_file);
  if (!token) return forward(token.error());
  const auto credentials = read_tls(options.tls);
  if (!credentials) return forward(credentials.error());
  std::vector<Line> told;
  auto probes = prepare_one(probes_,
                            {.option = "http.probe_listen",
                             .endpoint = options.probe_listen,
                             .routes = Routes(sources_, Face::probes, {}),
                             .pages = "probes",
                             .credentials = {}},
                            told);
  if (!probes) return forward(probes.error());
  auto main = prepare_one(main_,
                          {.option = "http.listen",
                           .endpoint = options.listen,
                           .routes = Routes(sources_, options.probe_listen ? Face::facts : Face::all, *token),
                           .pages = options.probe_listen ? "metrics and status" : "metrics, status and probes",
                           .credentials = *credentials},
                          told);
  if (!main) return forward(main.error());
  if (*credentials) {
    const std::string why = doubt(**credentials, SystemClock().wall_ms());
    if (!why.empty()) told.push_back({LogLevel::warning, "http.tls.certificate: " + why});
  }
  if (const std::string why = crowded_probes(options); !why.empty()) told.push_back({LogLevel::info, why});
  return Change{.main = std::move(*main),
                .probes = std::move(*probes),
                .told = std::move(told),
                .token = *token,
                .renewed = renewed(*token, *credentials)};
}

void Faces::apply_one(Listener& present, Wanted wanted) {
  if (wanted.gate || !wanted.endpoint) {
    present = {.endpoint = wanted.endpoint,
               .gate = std::move(wanted.gate),
               .server = std::move(wanted.server),
               .finishing = nullptr};
    return;
  }
  present.gate->become(*wanted.routes);
  if (!wanted.server) return;
  wanted.server->begin();
  present.server->finish();
  present.finishing = std::exchange(present.server, std::move(wanted.server));
}

void Faces::apply(Change change, const LogSink& log) {
  apply_one(probes_, std::move(change.probes));
  apply_one(main_, std::move(change.main));
  token_ = change.token;
  for (const Line& line : change.told) log(line.level, line.text);
}

std::optional<std::int64_t> Faces::certificate_until_ms() const {
  if (!main_.server || !main_.server->credentials()) return {};
  return main_.server->credentials()->own_until_ms;
}

}  // namespace firstseen::http
