#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace firstseen::config {

// The kinds of option. `at` finds the option's place in the settings.

struct Text {
  std::string& (*at)(Settings&);
};
struct Choice {
  std::string& (*at)(Settings&);
  std::vector<std::string_view> allowed;
};
struct TextList {
  std::vector<std::string>& (*at)(Settings&);
  bool may_be_empty = false;
};
struct PartList {
  std::vector<KeyPart>& (*at)(Settings&);
};
/// Mappings, each with the options of rule_options().
struct RuleList {
  std::vector<KeyRule>& (*at)(Settings&);
};
struct TextMap {
  std::map<std::string, std::string>& (*at)(Settings&);
};
struct Boolean {
  bool& (*at)(Settings&);
};
struct Integer {
  std::uint64_t& (*at)(Settings&);
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};
struct Duration {
  Millis& (*at)(Settings&);
  Millis min{0};
  Millis max = Millis::max();
};
struct Size {
  std::uint64_t& (*at)(Settings&);
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

using Kind = std::variant<Text, Choice, TextList, PartList, RuleList, TextMap, Boolean, Integer, Duration, Size>;

/// One option, declared once: reading, checking, the reference and the JSON Schema all come from this.
struct Option {
  std::string_view path;  ///< "window.ttl"
  Kind kind;
  std::string_view default_value;  ///< as it would stand in the file; empty lists, maps and texts: ""
  bool required = false;           ///< has no default
  std::string_view help;           ///< one or two sentences
  bool secret = false;             ///< never printed; of a TextMap: the entries that is_secret_name() names
  bool live = false;               ///< `firstseen reload` gives a running daemon another value
  bool plain = false;              ///< shown as it is, so that ${...} is refused
};

/// All options in the order of the reference.
std::span<const Option> options();

/// The members of an entry of key.rules, "key.rules[].ttl"; their places are in Settings::rule.
std::span<const Option> rule_options();

/// The option of this path, or null; of a rule's too.
const Option* find_option(std::string_view path);

/// Whether some option, a rule's too, lies below this path, so that it names a section.
bool is_section(std::string_view path);

/// A path that a later version will have; a short text for the error message, or empty.
std::string_view not_in_this_version(std::string_view path);

/// "duration", "one of a | b", ... for messages and the reference.
std::string type_name(const Kind& kind);

}  // namespace firstseen::config
