#include <fmt/format.h>

#include <array>
#include <string_view>

#include "key/json_text.h"
#include "key/part_list_deriver.h"

namespace firstseen::key {
namespace {

/// What every key begins with: the namespace, then the scope's parts.
std::vector<KeyPart> common_parts(const KeySpec& spec) {
  std::vector<KeyPart> parts{namespace_part(spec.name_space)};
  if (spec.scope != Scope::none) parts.push_back(*parse_part("topic", spec.on_missing));
  if (spec.scope == Scope::topic_partition) parts.push_back(*parse_part("partition", spec.on_missing));
  return parts;
}

/// Namespace, scope, the listed fields; no context.
Result<std::unique_ptr<Deriver>> make_fields(const KeySpec& spec) {
  if (spec.fields.empty()) {
    return fail(Exit::config,
                "key.fields is empty: the strategy 'fields' needs at least one part, as in "
                "fields: [\"payload:/order/id\"]");
  }
  if (!spec.context_user.empty() || !spec.context_session.empty()) {
    return fail(Exit::config,
                "key.context is not used by the strategy 'fields': list these parts in key.fields, or "
                "use the strategy 'default'");
  }
  std::vector<KeyPart> parts = common_parts(spec);
  for (const PartSpec& field : spec.fields) {
    auto part = parse_part(field.text, field.on_missing.value_or(spec.on_missing));
    if (!part) return forward(part.error());
    parts.push_back(std::move(*part));
  }
  return PartListDeriver::make(std::move(parts), spec.digest);
}

/// Namespace, scope, user and session where they are configured, the whole value.
Result<std::unique_ptr<Deriver>> make_default(const KeySpec& spec) {
  std::vector<KeyPart> parts = common_parts(spec);
  for (const std::string* text : {&spec.context_user, &spec.context_session}) {
    if (text->empty()) continue;
    auto part = parse_part(*text, spec.on_missing);
    if (!part) return forward(part.error());
    parts.push_back(std::move(*part));
  }
  parts.push_back(*parse_part("payload", spec.on_missing));
  return PartListDeriver::make(std::move(parts), spec.digest);
}

struct Strategy {
  std::string_view name;
  Result<std::unique_ptr<Deriver>> (*make)(const KeySpec& spec);
};

constexpr std::array<Strategy, 2> strategies{{{"fields", make_fields}, {"default", make_default}}};

}  // namespace

Result<std::unique_ptr<Deriver>> Deriver::make(const KeySpec& spec) {
  if (find_invalid_utf8(spec.name_space)) return fail(Exit::config, "key.namespace is not UTF-8");
  for (const Strategy& strategy : strategies) {
    if (strategy.name == spec.strategy) return strategy.make(spec);
  }
  return fail(Exit::config, fmt::format("unknown key.strategy '{}': it must be one of fields, default", spec.strategy));
}

}  // namespace firstseen::key
