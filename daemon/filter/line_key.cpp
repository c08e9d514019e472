#include "filter/line_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "output.h"

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

std::string parts_to_note(const std::vector<std::string>& parts) {
  return Json(parts).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<std::string>> parts_of_note(const std::string& note) {
  const Json json = Json::parse(note, nullptr, false);
  if (!json.is_array() || !std::ranges::all_of(json, &Json::is_string)) {
    return fail(Exit::bad_data, fmt::format("the store's note of its key parts is damaged: {}", note));
  }
  return json.get<std::vector<std::string>>();
}

}  // namespace firstseen::filter
