#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"
#include "config/expand.h"
#include "config/value.h"

namespace firstseen::config {
namespace {

/// What the declarations call a rule's members.
constexpr std::string_view rule_prefix = "key.rules[].";

/// The names that may stand directly below a section ("" is the file).
std::vector<std::string> names_below(const std::string& prefix) {
  std::vector<std::string> names;
  const auto all = prefix.starts_with(rule_prefix) ? rule_options() : options();
  for (const Option& option : all) {
    if (!option.path.starts_with(prefix)) continue;
    const std::string_view rest = option.path.substr(prefix.size());
    names.emplace_back(rest.substr(0, rest.find('.')));
  }
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Kafka's and the system's functions end a text there.
bool has_zero(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Null:
      return "nothing";
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

Place place_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return {mark.line + 1, mark.column + 1};
}

/// Where a value stands; `holder`: its name, or the list that it stands in. For an empty value the parser gives the
/// place of whatever follows it, and for an alias that of its anchor, which is further up: the holder's is nearer.
Place place_of(const YAML::Node& value, const YAML::Node& holder) {
  const bool elsewhere = value.IsNull() || value.Mark().pos < holder.Mark().pos;
  return place_of(elsewhere ? holder : value);
}

}  // namespace

void Reader::problem(const YAML::Node& node, const std::string& path, const std::string& message) {
  if (path.empty()) return problems_.add_at(place_of(node), path, message);
  problems_.add(path, message);
}

void Reader::name_problem(const YAML::Node& name, const std::string& path, const std::string& message) {
  if (name.IsNull()) return problems_.add(path, message);
  problems_.add_at(place_of(name), path, message);
}

void Reader::read(const YAML::Node& root) {
  if (!root.IsMap()) {
    problem(
        root, "",
        fmt::format("a configuration is a mapping of sections (kafka, input, output, ...); this is {}", kind_of(root)));
    return;
  }
  read_section(root, "", "");
  missing_required();
}

void Reader::read_section(const YAML::Node& node, const std::string& prefix, const std::string& declared) {
  const std::string section = prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1);
  if (!untagged(node, section)) return;
  for (const auto& item : node) {
    if (!item.first.IsScalar()) {
      problems_.add_at(place_of(item.first), section,
                       fmt::format("a name is needed here, not {}", kind_of(item.first)));
      continue;
    }
    if (is_first(seen_, item.first, prefix + item.first.Scalar())) {
      read_named(item.first, item.second, prefix, declared);
    } else {
      read_again(item.first, item.second, prefix, declared);
    }
  }
}

void Reader::read_named(const YAML::Node& name, const YAML::Node& value, const std::string& prefix,
                        const std::string& declared) {
  const std::string path = prefix + name.Scalar();
  const std::string declared_path = declared + name.Scalar();
  problems_.note_place(path, place_of(value, name));
  const bool unfit = name.Scalar().find_first_of(".[") != std::string::npos;
  const Option* option = unfit ? nullptr : find_option(declared_path);
  if (option != nullptr) {
    read_option(*option, value, path);
  } else if (unfit || !is_section(declared_path)) {
    unknown(name, declared, path);
  } else if (value.IsMap()) {
    read_section(value, path + ".", declared_path + ".");
  } else if (!value.IsNull()) {
    problem(value, path, fmt::format("is a section: a mapping of options is needed, not {}", kind_of(value)));
  }
}

void Reader::read_again(const YAML::Node& name, const YAML::Node& value, const std::string& prefix,
                        const std::string& declared) {
  Settings aside = settings_;
  Reader reader(aside, problems_, absent_);
  reader.read_named(name, value, prefix, declared);
  seen_.merge(reader.seen_);  // a required option that stands here is not missing
}

bool Reader::is_first(Places& seen, const YAML::Node& name, const std::string& path) {
  const auto [first, fresh] = seen.emplace(path, place_of(name));
  if (!fresh) {
    name_problem(name, path,
                 fmt::format("stands here again, first at {}; only one can be meant", problems_.where(first->second)));
  }
  return fresh;
}

void Reader::unknown(const YAML::Node& key, const std::string& prefix, const std::string& path) {
  std::string message = "unknown option";
  if (const std::string_view hint = not_in_this_version(path); !hint.empty()) {
    message += fmt::format("; {}", hint);
  } else if (find_option(path) != nullptr) {
    message += "; a dot does not lead into a section: write the section and its option below it";
  } else if (const std::string near = suggest(key.Scalar(), names_below(prefix)); !near.empty()) {
    message += fmt::format("; did you mean '{}'?", prefix + near);
    problems_.note_meant(path.substr(0, path.size() - key.Scalar().size()) + near);
  }
  name_problem(key, path, message);
}

void Reader::missing_required() {
  for (const Option& option : options()) {
    const std::string path(option.path);
    if (option.required && !seen_.contains(path)) problems_.add(path, "is required: " + std::string(option.help));
  }
}

void Reader::read_option(const Option& option, const YAML::Node& node, const std::string& path) {
  if (const auto* list = std::get_if<TextList>(&option.kind)) return read_list(*list, node, path);
  if (const auto* parts = std::get_if<PartList>(&option.kind)) return read_parts(*parts, node, path);
  if (const auto* rules = std::get_if<RuleList>(&option.kind)) return read_rules(*rules, node, path);
  if (const auto* map = std::get_if<TextMap>(&option.kind)) return read_map(*map, node, path);
  if (option.plain && node.IsScalar() && has_reference(node.Scalar())) {
    return problem(node, path, "takes no ${...}, since it is shown in messages and the store: write the text itself");
  }
  const auto value = scalar(node, path);
  if (!value) return;
  if (option.required && value->empty()) return problem(node, path, "must not be empty");
  if (const auto read = read_scalar(option, *value, node.Scalar(), settings_); !read) {
    problem(node, path, read.error().message);
  }
}

bool Reader::untagged(const YAML::Node& node, const std::string& path) {
  const std::string& tag = node.Tag();
  if (tag.empty() || tag == "?" || tag == "!") return true;
  problem(node, path, fmt::format("YAML tags ({}) are not supported; write the plain value", tag));
  return false;
}

std::optional<std::string> Reader::scalar(const YAML::Node& node, const std::string& path) {
  if (!node.IsScalar()) {
    problem(node, path, fmt::format("a single value is needed, not {}", kind_of(node)));
    return std::nullopt;
  }
  if (!untagged(node, path)) return std::nullopt;
  if (has_zero(node.Scalar())) {
    problem(node, path, "holds a zero byte, behind which the text would be cut off: leave it out");
    return std::nullopt;
  }
  std::vector<std::string> put_in;
  auto expanded = expand(node.Scalar(), &put_in);
  if (!expanded && !may_be_left_out(absent_, path, node.Scalar())) {
    problem(node, path, expanded.error().message);
    return std::nullopt;
  }
  if (expanded && has_zero(*expanded)) {
    problem(node, path, fmt::format("'{}' holds a zero byte; is the file UTF-16? Save it as UTF-8", node.Scalar()));
    return std::nullopt;
  }
  if (has_reference(node.Scalar())) {
    settings_.expanded.emplace(path, node.Scalar());
    settings_.put_in.emplace(path, std::move(put_in));
  }
  if (expanded) return *expanded;
  problems_.leave_out(path);
  settings_.left_out.emplace(path, expanded.error().message);
  return std::nullopt;
}

void Reader::read_list(const TextList& list, const YAML::Node& node, const std::string& path) {
  if (!node.IsSequence()) return problem(node, path, fmt::format("a list is needed, not {}", kind_of(node)));
  if (!untagged(node, path)) return;
  if (node.size() == 0 && !list.may_be_empty) return problem(node, path, "the list must not be empty");
  std::vector<std::string> texts;
  for (const YAML::Node& item : node) {
    const std::string at = fmt::format("{}[{}]", path, texts.size());
    problems_.note_place(at, place_of(item, node));
    auto text = scalar(item, at);
    if (text && text->empty()) problem(item, at, "must not be empty");
    texts.push_back(text.value_or(""));
  }
  list.at(settings_) = std::move(texts);
}

void Reader::read_parts(const PartList& list, const YAML::Node& node, const std::string& path) {
  if (!node.IsSequence()) return problem(node, path, fmt::format("a list is needed, not {}", kind_of(node)));
  if (!untagged(node, path)) return;
  std::vector<KeyPart> parts;
  for (const YAML::Node& item : node) {
    const std::string at = fmt::format("{}[{}]", path, parts.size());
    problems_.note_place(at, place_of(item, node));
    read_part(item, at, parts.emplace_back());
  }
  list.at(settings_) = std::move(parts);
}

void Reader::read_rules(const RuleList& list, const YAML::Node& node, const std::string& path) {
  if (!node.IsSequence()) return problem(node, path, fmt::format("a list is needed, not {}", kind_of(node)));
  if (!untagged(node, path)) return;
  std::vector<KeyRule> rules;
  for (const YAML::Node& item : node) {
    const std::string at = fmt::format("{}[{}]", path, rules.size());
    problems_.note_place(at, place_of(item, node));
    settings_.rule = default_rule();
    if (item.IsMap()) {
      read_section(item, at + ".", std::string(rule_prefix));
      for (const Option& option : rule_options()) {
        const std::string member = at + "." + std::string(option.path.substr(rule_prefix.size()));
        if (option.required && !seen_.contains(member)) {
          problems_.add(member, "is required: " + std::string(option.help));
        }
      }
    } else {
      problem(item, at, fmt::format("a rule is a mapping, not {}", kind_of(item)));
    }
    rules.push_back(std::move(settings_.rule));
  }
  settings_.rule = {};
  list.at(settings_) = std::move(rules);
}

void Reader::read_part(const YAML::Node& node, const std::string& path, KeyPart& part) {
  if (node.IsScalar()) {
    part.part = scalar(node, path).value_or("");
    return;
  }
  if (!node.IsMap()) return problem(node, path, "a text or {part: TEXT, on_missing: ...} is needed");
  if (!untagged(node, path)) return;
  Places names;
  for (const auto& item : node) {
    const std::string name = item.first.IsScalar() ? item.first.Scalar() : "";
    const std::string at = fmt::format("{}.{}", path, name);
    problems_.note_place(at, place_of(item.second, item.first));
    KeyPart aside;
    KeyPart& read = is_first(names, item.first, at) ? part : aside;
    if (name == "part") {
      read.part = scalar(item.second, at).value_or("");
    } else if (name == "on_missing") {
      read_on_missing(item.second, at, read);
    } else {
      name_problem(item.first, path, fmt::format("unknown member '{}'; a part has part and on_missing", name));
    }
  }
  if (!names.contains(path + ".part")) problem(node, path, "has no member 'part'");
}

void Reader::read_on_missing(const YAML::Node& node, const std::string& path, KeyPart& part) {
  const auto value = scalar(node, path);
  if (!value) return;
  if (*value == "reject" || *value == "as_null" || *value == "pass") {
    part.on_missing = *value;
  } else {
    problem(node, path, fmt::format("'{}' is not one of reject, as_null, pass", node.Scalar()));
  }
}

void Reader::read_map(const TextMap& map, const YAML::Node& node, const std::string& path) {
  if (node.IsNull()) return;
  if (!node.IsMap()) return problem(node, path, fmt::format("a mapping is needed, not {}", kind_of(node)));
  if (!untagged(node, path)) return;
  Places names;
  for (const auto& item : node) {
    const std::string name = item.first.IsScalar() ? item.first.Scalar() : "";
    const std::string at = fmt::format("{}.{}", path, name);
    if (name.empty() || has_zero(name)) {
      name_problem(item.first, path,
                   name.empty() ? "a property's name is needed here" : "a name here holds a zero byte");
      continue;
    }
    problems_.note_place(at, place_of(item.second, item.first));
    const auto value = scalar(item.second, at);
    if (is_first(names, item.first, at)) map.at(settings_).emplace(name, value.value_or(""));
  }
}

}  // namespace firstseen::config
