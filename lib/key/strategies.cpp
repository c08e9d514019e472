#include "key/strategies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "key/json_text.h"
#include "key/part_list_deriver.h"
#include "key/template.h"

namespace firstseen::key {
namespace {

using Parts = std::vector<KeyPart>;

/// What every key begins with: the namespace, the rule if there are rules, then the scope's parts.
Parts common_parts(const KeySpec& spec) {
  Parts parts{namespace_part(spec.name_space, spec.shown.name_space)};
  if (!spec.rule.empty()) parts.push_back(rule_part(spec.rule));
  if (spec.scope != Scope::none) parts.push_back(*parse_part("topic", spec.on_missing));
  if (spec.scope == Scope::topic_partition) parts.push_back(*parse_part("partition", spec.on_missing));
  return parts;
}

Result<void> append_fields(const KeySpec& spec, Parts& parts) {
  for (const PartSpec& field : spec.fields) {
    auto part = parse_part(field.text, field.on_missing.value_or(spec.on_missing), field.shown);
    if (!part) return forward(part.error());
    parts.push_back(std::move(*part));
  }
  return {};
}

/// `text` is that of the user's or session's part; empty: none is configured.
Result<void> append_context(const KeySpec& spec, const std::string& text, const std::string& shown, Parts& parts) {
  if (text.empty()) return {};
  auto part = parse_part(text, spec.on_missing, shown);
  if (!part) return forward(part.error());
  parts.push_back(std::move(*part));
  return {};
}

Result<void> append_user(const KeySpec& spec, Parts& parts) {
  return append_context(spec, spec.context_user, spec.shown.context_user, parts);
}

Result<void> append_session(const KeySpec& spec, Parts& parts) {
  return append_context(spec, spec.context_session, spec.shown.context_session, parts);
}

/// Namespace, scope, the listed fields; no context.
Result<Parts> fields_parts(const KeySpec& spec) {
  if (spec.fields.empty()) {
    return fail(Exit::config,
                "key.fields is empty: the strategy 'fields' needs at least one part, as in "
                "fields: [\"payload:/order/id\"]");
  }
  Parts parts = common_parts(spec);
  if (auto done = append_fields(spec, parts); !done) return forward(done.error());
  return parts;
}

/// Namespace, scope, user and session where they are configured, the whole value.
Result<Parts> default_parts(const KeySpec& spec) {
  Parts parts = common_parts(spec);
  if (auto done = append_user(spec, parts); !done) return forward(done.error());
  if (auto done = append_session(spec, parts); !done) return forward(done.error());
  parts.push_back(*parse_part("payload", spec.on_missing));
  return parts;
}

constexpr std::string_view payload_prefix = "payload:";

/// `payload: without "/a","/b"` of the texts in key.exclude; of one that does not begin like a pointer, all of it.
std::string without_text(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  names.reserve(texts.size());
  for (const std::string_view text : texts) {
    names.push_back(json_quoted(text.starts_with(payload_prefix) ? text.substr(payload_prefix.size()) : text));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return fmt::format("{} without {}", payload_prefix, fmt::join(names, ","));
}

/// The value as JSON without what key.exclude lists.
Result<KeyPart> remaining_payload(const KeySpec& spec) {
  std::vector<std::string> labels = spec.exclude;
  std::vector<JsonPointer> pointers;
  for (std::size_t i = 0; i < spec.exclude.size(); ++i) {
    const std::string shown = i < spec.shown.exclude.size() ? spec.shown.exclude[i] : "";
    if (!shown.empty()) labels[i] = shown;
    auto part = parse_part(spec.exclude[i], spec.on_missing, shown);
    if (!part) return forward(part.error());
    if (part->kind != PartKind::payload_pointer || part->pointer.empty()) {
      return fail(Exit::config, fmt::format("key.exclude cannot leave out '{}': name places in the payload, as in "
                                            "exclude: [\"payload:/sent_at\"]",
                                            labels[i]));
    }
    pointers.push_back(std::move(part->pointer));
  }
  KeyPart part = *parse_part(payload_prefix, spec.on_missing);
  if (pointers.empty()) return part;
  part.text = without_text(spec.exclude);
  if (labels != spec.exclude) part.shown = without_text(labels);
  part.excluded.emplace(pointers);
  return part;
}

/// Namespace, scope, user and session where they are configured and included, then the listed fields, or else the value
/// as JSON without what is excluded.
Result<Parts> hash_parts(const KeySpec& spec) {
  if (!spec.fields.empty() && !spec.exclude.empty()) {
    return fail(Exit::config, "key.exclude has no effect beside key.fields: the listed fields are the key");
  }
  Parts parts = common_parts(spec);
  if (spec.include_user) {
    if (auto done = append_user(spec, parts); !done) return forward(done.error());
  }
  if (spec.include_session) {
    if (auto done = append_session(spec, parts); !done) return forward(done.error());
  }
  if (!spec.fields.empty()) {
    if (auto done = append_fields(spec, parts); !done) return forward(done.error());
    return parts;
  }
  auto payload = remaining_payload(spec);
  if (!payload) return forward(payload.error());
  parts.push_back(std::move(*payload));
  return parts;
}

/// Namespace, scope, the template's texts and placeholders.
Result<Parts> template_parts(const KeySpec& spec) {
  if (spec.template_text.empty()) {
    return fail(Exit::config,
                "key.template is empty: the strategy 'template' needs a text with placeholders, as in "
                "template: \"{header:tenant|none}/{payload:/order/id}\"");
  }
  auto pieces = parse_template(spec.template_text, spec.on_missing, spec.shown.template_text);
  if (!pieces) return forward(pieces.error());
  Parts parts = common_parts(spec);
  std::move(pieces->begin(), pieces->end(), std::back_inserter(parts));
  return parts;
}

/// Which options a strategy uses beside those that all do.
struct Uses {
  std::string_view strategy;  ///< its name
  bool fields = false;
  bool context = false;
  bool hash = false;  ///< include_user, include_session, exclude
  bool text = false;  ///< template
};

/// An option that is set and not used would be an expectation that is not met.
Result<void> refuse_unused(const Uses& uses, const KeySpec& spec) {
  struct Option {
    std::string_view name;
    bool unused;
    std::string_view advice;
  };
  const std::array<Option, 6> options{{
      {"fields", !uses.fields && !spec.fields.empty(), "use the strategy 'fields' or 'hash'"},
      {"context", !uses.context && !(spec.context_user.empty() && spec.context_session.empty()),
       "name these parts in the key itself, or use the strategy 'default' or 'hash'"},
      {"include_user", !uses.hash && !spec.include_user, "use the strategy 'hash'"},
      {"include_session", !uses.hash && !spec.include_session, "use the strategy 'hash'"},
      {"exclude", !uses.hash && !spec.exclude.empty(), "use the strategy 'hash'"},
      {"template", !uses.text && !spec.template_text.empty(), "use the strategy 'template'"},
  }};
  for (const Option& option : options) {
    if (!option.unused) continue;
    return fail(Exit::config,
                fmt::format("key.{} is not used by the strategy '{}': {}", option.name, uses.strategy, option.advice));
  }
  return {};
}

Result<std::unique_ptr<Deriver>> make_from(const KeySpec& spec, const Uses& uses,
                                           Result<Parts> (*make_parts)(const KeySpec& spec)) {
  if (find_invalid_utf8(spec.name_space)) return fail(Exit::config, "key.namespace is not UTF-8");
  if (auto used = refuse_unused(uses, spec); !used) return forward(used.error());
  auto parts = make_parts(spec);
  if (!parts) return forward(parts.error());
  return PartListDeriver::make(std::move(*parts), spec.digest);
}

}  // namespace

Result<std::unique_ptr<Deriver>> make_default(const KeySpec& spec) {
  return make_from(spec, {.strategy = "default", .context = true}, default_parts);
}

Result<std::unique_ptr<Deriver>> make_fields(const KeySpec& spec) {
  return make_from(spec, {.strategy = "fields", .fields = true}, fields_parts);
}

Result<std::unique_ptr<Deriver>> make_hash(const KeySpec& spec) {
  return make_from(spec, {.strategy = "hash", .fields = true, .context = true, .hash = true}, hash_parts);
}

Result<std::unique_ptr<Deriver>> make_template(const KeySpec& spec) {
  return make_from(spec, {.strategy = "template", .text = true}, template_parts);
}

}  // namespace firstseen::key
