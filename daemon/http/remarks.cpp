#include "http/remarks.h"

#include "http/credentials.h"

namespace firstseen::http {

std::vector<std::string> remarks(const Options& options, std::int64_t now_ms) {
  std::vector<std::string> made;
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
