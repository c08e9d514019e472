#include "http/remarks.h"

#include "http/credentials.h"

namespace firstseen::http {

namespace {

/// By its text; another name may mean the loopback, too.
bool is_loopback(const std::string& host) { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

}  // namespace

std::string crowded_probes(const Options& options) {
  if (!options.listen || options.probe_listen || is_loopback(options.listen->host)) return {};
  return "http.probe_listen: is empty, and http.listen is not the loopback: a client that takes all connections there "
         "keeps the probes from being answered, and the daemon from being taken for alive; set this to a port of "
         "their own";
}

std::vector<std::string> remarks(const Options& options, std::int64_t now_ms) {
  std::vector<std::string> made;
  if (const std::string why = crowded_probes(options); !why.empty()) made.push_back(why);
  if (!options.tls) return made;
  if (const auto credentials = read_credentials(*options.tls)) {
    const std::string why = doubt(*credentials, now_ms);
    if (!why.empty()) made.push_back("http.tls.certificate: " + why);
  }
  if (!options.probe_listen) {
    made.emplace_back(
        "http.probe_listen: is empty, so the probes are answered over TLS, too: Kubernetes then needs 'scheme: HTTPS' "
        "in each httpGet, or set this to a port of their own, which stays plain");
  }
  return made;
}

}  // namespace firstseen::http
