#include "ingest/key_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firstseen::ingest {
namespace {

using Json = nlohmann::json;

bool is_of_payload(const key::PartSpec& part) {
  return !part.on_missing && (part.text == "payload" || part.text.starts_with("payload:"));
}

bool is_list_of_parts(const key::KeySpec& spec) {
  return spec.strategy == "fields" && spec.name_space.empty() && spec.scope == key::Scope::none && spec.rules.empty() &&
         spec.rule.empty() && spec.digest == key::DigestAlgorithm::sha256 &&
         spec.on_missing == key::OnMissing::reject && std::ranges::all_of(spec.fields, is_of_payload);
}

}  // namespace

std::string note_of_key(const key::KeySpec& spec) {
  if (!is_list_of_parts(spec)) return {};
  Json parts = Json::array();
  for (const key::PartSpec& part : spec.fields) parts.push_back(part.text);
  return parts.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<key::KeySpec> key_of_note(const std::string& note) {
  const Json json = Json::parse(note, nullptr, false);
  if (!json.is_array() || !std::ranges::all_of(json, &Json::is_string)) {
    return fail(Exit::bad_data, fmt::format("the store's note of its key parts is damaged: {}", note));
  }
  key::KeySpec spec;
  spec.scope = key::Scope::none;
  for (const Json& part : json) spec.fields.push_back({part.get<std::string>(), std::nullopt});
  if (spec.fields.empty()) spec.fields.push_back({"payload", std::nullopt});
  return spec;
}

}  // namespace firstseen::ingest
