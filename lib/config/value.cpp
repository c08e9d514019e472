#include "config/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

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
  Result<void> operator()(const TextMap&) const { return wrong("a mapping is needed here: NAME: VALUE"); }

 private:
  /// The units' own message quotes what they were given; that may be an expanded value.
  [[nodiscard]] Result<void> reworded(const Error& error) const {
    if (value == shown) return forward(error);
    return wrong(fmt::format("'{}' does not expand to a valid value: a whole number and a unit are needed", shown));
  }
};

struct Shower {
  Settings& settings;
  bool secret;

  std::string operator()(const Text& text) const { return quoted(text.at(settings)); }
  std::string operator()(const Choice& choice) const { return choice.at(settings); }
  std::string operator()(const TextList& list) const {
    std::vector<std::string> texts;
    for (const std::string& text : list.at(settings)) texts.push_back(quoted(text));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }
  std::string operator()(const PartList& list) const {
    std::vector<std::string> parts;
    for (const KeyPart& part : list.at(settings)) {
      parts.push_back(part.on_missing.empty()
                          ? quoted(part.part)
                          : fmt::format("{{part: {}, on_missing: {}}}", quoted(part.part), part.on_missing));
    }
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  std::string operator()(const TextMap& map) const {
    std::vector<std::string> items;
    for (const auto& [name, value] : map.at(settings)) {
      items.push_back(
          fmt::format("{}: {}", escaped(name), quoted(secret && is_secret_name(name) ? "<redacted>" : value)));
    }
    return fmt::format("{{{}}}", fmt::join(items, ", "));
  }
  std::string operator()(const Boolean& boolean) const { return boolean.at(settings) ? "true" : "false"; }
  std::string operator()(const Integer& integer) const { return std::to_string(integer.at(settings)); }
  std::string operator()(const Duration& duration) const { return format_duration(duration.at(settings)); }
  std::string operator()(const Size& size) const { return format_size(size.at(settings)); }

 private:
  /// A double-quoted scalar; JSON's escapes are YAML's, too.
  static std::string escaped(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
  return std::visit(Shower{settings, option.secret}, option.kind);
}

Settings defaults() {
  Settings settings;
  for (const Option& option : options()) {
    if (const auto* list = std::get_if<TextList>(&option.kind); list != nullptr && option.default_value.size() > 2) {
      list->at(settings) = {std::string(option.default_value.substr(1, option.default_value.size() - 2))};
    }
    if (option.default_value.empty() || option.default_value.front() == '[') continue;
    const auto read = read_scalar(option, option.default_value, option.default_value, settings);
    if (!read) throw std::logic_error(std::string(option.path) + ": its own default: " + read.error().message);
  }
  return settings;
}

}  // namespace firstseen::config
