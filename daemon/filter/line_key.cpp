#include "filter/line_key.h"

#include <fmt/format.h>

#include <optional>

namespace firstseen::filter {

Result<key::KeySpec> line_key(const std::vector<std::string>& parts) {
  key::KeySpec spec;
  spec.scope = key::Scope::none;
  for (const std::string& part : parts) {
    if (part != "payload" && !part.starts_with("payload:")) {
      return fail(
          Exit::usage,
          fmt::format("--key '{}': a line has a payload only: write payload:/POINTER, or payload for all of it", part));
    }
    spec.fields.push_back({part, std::nullopt});
  }
  if (spec.fields.empty()) spec.fields.push_back({"payload", std::nullopt});
  return spec;
}

}  // namespace firstseen::filter
