#include <nlohmann/json.hpp>

#include "config/options.h"
#include "config/reference.h"

namespace firstseen::config {
namespace {

using Json = nlohmann::ordered_json;

/// What YAML reads as a number or a boolean is a text, too, where one is needed: group: 7.
Json any_scalar() { return {{"type", {"string", "number", "boolean"}}}; }

/// Numbers and booleans may also come from an expansion, which is text in the file.
Json or_expansion(Json type) {
  return {{"anyOf", Json::array({std::move(type), Json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
}

struct Typed {
  Json operator()(const Text&) const { return any_scalar(); }
  Json operator()(const Choice& choice) const {
    return or_expansion({{"enum", std::vector<std::string>(choice.allowed.begin(), choice.allowed.end())}});
  }
  Json operator()(const TextList& list) const {
    Json item = any_scalar();
    item["minLength"] = 1;
    return {{"type", "array"}, {"minItems", list.may_be_empty ? 0 : 1}, {"items", item}};
  }
  Json operator()(const PartList&) const {
    const Json part = {
        {"type", "object"},
        {"required", {"part"}},
        {"additionalProperties", false},
        {"properties",
         {{"part", {{"type", "string"}}}, {"on_missing", or_expansion({{"enum", {"reject", "as_null", "pass"}}})}}}};
    return {{"type", "array"}, {"items", {{"anyOf", Json::array({Json{{"type", "string"}}, part})}}}};
  }
  Json operator()(const RuleList&) const;
  Json operator()(const TextMap&) const {
    return {{"type", {"object", "null"}}, {"additionalProperties", any_scalar()}};
  }
  Json operator()(const Boolean&) const { return or_expansion({{"type", "boolean"}}); }
  Json operator()(const Integer& i) const {
    return or_expansion({{"type", "integer"}, {"minimum", i.min}, {"maximum", i.max}});
  }
  Json operator()(const Duration&) const {
    return or_expansion({{"type", "string"}, {"pattern", "^([0-9]+(ms|s|m|h|d|y))+$"}});
  }
  Json operator()(const Size&) const {
    return or_expansion({{"type", "string"}, {"pattern", "^[0-9]+(B|[KMGT]iB|[kMGT]B)$"}});
  }
};

/// The default as it stands in the file, read as YAML reads it.
struct Default {
  std::string_view text;

  Json operator()(const Boolean&) const { return text == "true"; }
  Json operator()(const Integer&) const { return Json::parse(text); }
  Json operator()(const TextList&) const { return Json::array({text.substr(1, text.size() - 2)}); }  // [ITEM]
  template <class Other>
  Json operator()(const Other&) const {
    return text;
  }
};

Json object() { return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}}; }

void require(Json& schema, const std::string& name) {
  if (!schema.contains("required")) schema["required"] = Json::array();
  for (const Json& known : schema["required"]) {
    if (known == name) return;
  }
  schema["required"].push_back(name);
}

/// A section of which nothing is required may stand there empty.
Json section() {
  Json made = object();
  made["type"] = {"object", "null"};
  return made;
}

/// Puts an option in its place below `root`; `rest` is its path from there.
void place(const Option& option, std::string_view rest, Json& root) {
  Json* at = &root;
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    const std::string name(rest.substr(0, dot));
    if (!(*at)["properties"].contains(name)) (*at)["properties"][name] = section();
    if (option.required) require(*at, name);
    at = &(*at)["properties"][name];
    if (option.required) (*at)["type"] = "object";
    rest.remove_prefix(dot + 1);
  }
  Json typed = std::visit(Typed{}, option.kind);
  typed["description"] = option.help;
  if (!option.required && !option.default_value.empty()) {
    typed["default"] = std::visit(Default{option.default_value}, option.kind);
  }
  (*at)["properties"][std::string(rest)] = std::move(typed);
  if (option.required) require(*at, std::string(rest));
}

Json Typed::operator()(const RuleList&) const {
  constexpr std::string_view declared = "key.rules[].";
  Json rule = object();
  for (const Option& option : rule_options()) place(option, option.path.substr(declared.size()), rule);
  return {{"type", "array"}, {"items", rule}};
}

}  // namespace

std::string json_schema() {
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "firstseen configuration"}};
  root.update(object());
  for (const Option& option : options()) place(option, option.path, root);
  return root.dump(2) + "\n";
}

}  // namespace firstseen::config
