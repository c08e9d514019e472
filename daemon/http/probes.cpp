#include "http/probes.h"

#include <fmt/format.h>

#include "output.h"

namespace firstseen::http {
namespace {

constexpr unsigned ok = 200;
constexpr unsigned unavailable = 503;

Response text(unsigned status, std::string body) { return {.status = status, .body = std::move(body), .headers = {}}; }

std::string line(const Check& check) {
  return fmt::format("[{}] {} {} since {}: {}\n", check.ok ? '+' : '-', check.name, check.ok ? "ok" : "failed",
                     format_time(check.since_ms), check.detail);
}

}  // namespace

Response livez(const Picture& picture) {
  if (picture.phase == Phase::opening_store || picture.phase == Phase::stopping) {
    return text(ok, fmt::format("alive: {} since {}\n", picture.detail, format_time(picture.phase_since_ms)));
  }
  const bool alive = picture.alive();
  return text(alive ? ok : unavailable,
              fmt::format("{}: the loop made its last step {} ms ago; {} ms are allowed\n", alive ? "alive" : "stuck",
                          picture.step_age_ms, step_bound.count()));
}

Response readyz(const Picture& picture) {
  const bool ready = picture.ready();
  std::string body = ready ? "ready\n" : "not ready\n";
  for (const Check& check : picture.checks) body += line(check);
  return text(ready ? ok : unavailable, std::move(body));
}

Response startupz(const Picture& picture) {
  if (picture.phase != Phase::opening_store) return text(ok, "started\n");
  return text(unavailable, fmt::format("starting: {} since {}\n", picture.detail, format_time(picture.phase_since_ms)));
}

}  // namespace firstseen::http
