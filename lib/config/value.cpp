#include "config/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/secret_name.h"
#include "base/suggest.h"
#include "base/units.h"

namespace firstseen::config {
namespace {

tl::unexpected<Error> wrong(std::string message) { return fail(Exit::config, std::move(message)); }

template <class T, class Show>
Result<void> bounded(T value, T min, T max, std::string_view shown, const Show& show, T& place) {
  if (value < min || value > max) {
    return wrong(fmt::format("'{}' is out of bounds: {} to {}", shown, show(min), show(max)));
  }
  place = value;
  return {};
}

struct ScalarReader {
  std::string_view value;
  std::string_view shown;
  Settings& settings;

  Result<void> operator()(const Text& text) const {
    text.at(settings) = std::string(value);
    return {};
  }
  Result<void> operator()(const Choice& choice) const {
    if (std::find(choice.allowed.begin(), choice.allowed.end(), value) == choice.allowed.end()) {
      const std::string near = suggest(shown, {choice.allowed.begin(), choice.allowed.end()});
      return wrong(fmt::format("'{}' is not one of {}{}", shown, fmt::join(choice.allowed, ", "),
                               near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    choice.at(settings) = std::string(value);
    return {};
  }
  Result<void> operator()(const Boolean& boolean) const {
    if (value != "true" && value != "false") return wrong(fmt::format("'{}' is neither true nor false", shown));
    boolean.at(settings) = value == "true";
    return {};
  }
  Result<void> operator()(const Integer& integer) const {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (code != std::errc{} || end != value.data() + value.size()) {
      return wrong(fmt::format("'{}' is not a whole number", shown));
    }
    const auto show = [](std::uint64_t n) { return std::to_string(n); };
    return bounded(number, integer.min, integer.max, shown, show, integer.at(settings));
  }
  Result<void> operator()(const Duration& duration) const {
    const auto parsed = parse_duration(value);
    if (!parsed) return reworded(parsed.error());
    return bounded(*parsed, duration.min, duration.max, shown, format_duration, duration.at(settings));
  }
  Result<void> operator()(const Size& size) const {
    const auto parsed = parse_size(value);
    if (!parsed) return reworded(parsed.error());
    return bounded(*parsed, size.min, size.max, shown, format_size, size.at(settings));
  }
  Result<void> operator()(const TextList&) const { return wrong("a list is needed here: [first, second]"); }
  Result<void> operator()(const PartList&) const { return wrong("a list is needed here: [\"payload:/id\"]"); }
  Result<void> operator()(const RuleList&) const { return wrong("a list is needed here: [{name: NAME}]"); }
  Result<void> operator()(const TextMap&) const { return wrong("a mapping is needed here: NAME: VALUE"); }

 private:
  /// The units' own message quotes what they were given; that may be an expanded value.
  [[nodiscard]] Result<void> reworded(const Error& error) const {
    if (value == shown) return forward(error);
    return wrong(fmt::format("'{}' does not expand to a valid value: a whole number and a unit are needed", shown));
  }
};

/// Whether a text is one reference and nothing else, so that it gives nothing of the value away.
bool is_one_reference(std::string_view text) { return text.starts_with("${") && text.find('}') + 1 == text.size(); }

/// Shows values that stand in the file themselves; of list and map items also the references of the others.
struct Shower {
  Settings& settings;
  std::string_view path;
  bool secret;

  std::string operator()(const Text& text) const { return quoted(text.at(settings)); }
  std::string operator()(const Choice& choice) const { return choice.at(settings); }
  std::string operator()(const TextList& list) const {
    std::vector<std::string> texts;
    for (const std::string& text : list.at(settings)) texts.push_back(item(item_path(texts.size()), text));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }
  std::string operator()(const PartList& list) const {
    std::vector<std::string> parts;
    for (const KeyPart& part : list.at(settings)) {
      const std::string at = item_path(parts.size());
      const std::string text = item(settings.expanded.contains(at) ? at : at + ".part", part.part);
      const std::string policy = settings.reference(at + ".on_missing");  // else one of a few plain words
      parts.push_back(part.on_missing.empty() ? text
                                              : fmt::format("{{part: {}, on_missing: {}}}", text,
                                                            policy.empty() ? part.on_missing : escaped(policy)));
    }
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  /// Of each rule what is set.
  std::string operator()(const RuleList& list) const {
    std::vector<std::string> rules;
    for (const KeyRule& rule : list.at(settings)) {
      settings.rule = rule;
      rules.push_back(shown_rule(item_path(rules.size())));
    }
    settings.rule = {};
    return fmt::format("[{}]", fmt::join(rules, ", "));
  }
  std::string operator()(const TextMap& map) const {
    std::vector<std::string> items;
    for (const auto& [name, value] : map.at(settings)) {
      const std::string at = fmt::format("{}.{}", path, name);
      const bool hidden = secret && is_secret_name(name) && !is_one_reference(settings.reference(at));
      items.push_back(fmt::format("{}: {}", escaped(name), hidden ? escaped("<redacted>") : item(at, value)));
    }
    return fmt::format("{{{}}}", fmt::join(items, ", "));
  }
  std::string operator()(const Boolean& boolean) const { return boolean.at(settings) ? "true" : "false"; }
  std::string operator()(const Integer& integer) const { return std::to_string(integer.at(settings)); }
  std::string operator()(const Duration& duration) const { return format_duration(duration.at(settings)); }
  std::string operator()(const Size& size) const { return format_size(size.at(settings)); }

  /// A double-quoted scalar; JSON's escapes are YAML's, too.
  static std::string escaped(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

 private:
  [[nodiscard]] std::string shown_rule(const std::string& at) const {
    constexpr std::string_view declared = "key.rules[].";
    constexpr std::string_view condition = "when.";
    std::vector<std::string> members;
    std::vector<std::string> when;
    Settings untouched;
    untouched.rule = default_rule();
    for (const Option& option : rule_options()) {
      const std::string_view name = option.path.substr(declared.size());
      const std::string member_path = fmt::format("{}.{}", at, name);
      const std::string reference = settings.reference(member_path);
      std::string value = std::visit(Shower{settings, member_path, option.secret}, option.kind);
      const bool is_default = value == std::visit(Shower{untouched, member_path, option.secret}, option.kind);
      if (reference.empty() && is_default) continue;
      if (!reference.empty()) value = escaped(reference);
      const bool inner = name.starts_with(condition);
      (inner ? when : members).push_back(fmt::format("{}: {}", name.substr(inner ? condition.size() : 0), value));
    }
    if (!when.empty()) members.push_back(fmt::format("when: {{{}}}", fmt::join(when, ", ")));
    return fmt::format("{{{}}}", fmt::join(members, ", "));
  }
  [[nodiscard]] std::string item_path(std::size_t index) const { return fmt::format("{}[{}]", path, index); }
  [[nodiscard]] std::string item(const std::string& at, const std::string& value) const {
    const std::string reference = settings.reference(at);
    return reference.empty() ? quoted(value) : escaped(reference);
  }
  /// The same for a text in which ${ would be expanded.
  static std::string quoted(std::string text) {
    for (std::size_t at = 0; (at = text.find("${", at)) != std::string::npos; at += 3) text.insert(at, 1, '$');
    return escaped(text);
  }
};

}  // namespace

Result<void> read_scalar(const Option& option, std::string_view value, std::string_view shown, Settings& settings) {
  return std::visit(ScalarReader{value, shown, settings}, option.kind);
}

std::string show_value(const Option& option, Settings& settings) {
  const std::string reference = settings.reference(std::string(option.path));
  if (!reference.empty()) return Shower::escaped(reference);
  return std::visit(Shower{settings, option.path, option.secret}, option.kind);
}

namespace {

void apply_defaults(std::span<const Option> options, Settings& settings) {
  for (const Option& option : options) {
    if (const auto* list = std::get_if<TextList>(&option.kind); list != nullptr && option.default_value.size() > 2) {
      list->at(settings) = {std::string(option.default_value.substr(1, option.default_value.size() - 2))};
    }
    if (option.default_value.empty() || option.default_value.front() == '[') continue;
    const auto read = read_scalar(option, option.default_value, option.default_value, settings);
    if (!read) throw std::logic_error(std::string(option.path) + ": its own default: " + read.error().message);
  }
}

}  // namespace

KeyRule default_rule() {
  Settings settings;
  apply_defaults(rule_options(), settings);
  return settings.rule;
}

Settings defaults() {
  Settings settings;
  apply_defaults(options(), settings);
  return settings;
}

}  // namespace firstseen::config
