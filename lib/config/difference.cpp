#include "config/difference.h"

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <set>
#include <type_traits>
#include <variant>

#include "config/options.h"

namespace firstseen::config {
namespace {

/// Entries of which the one has another value than the other, or none.
void compare_maps(const Option& option, const std::map<std::string, std::string>& one,
                  const std::map<std::string, std::string>& other, std::vector<Difference>& found) {
  std::set<std::string> names;
  for (const auto* map : {&one, &other}) {
    for (const auto& [name, value] : *map) names.insert(name);
  }
  for (const std::string& name : names) {
    const auto in_one = one.find(name);
    const auto in_other = other.find(name);
    const bool same = in_one != one.end() && in_other != other.end() && in_one->second == in_other->second;
    if (!same) found.push_back({fmt::format("{}.{}", option.path, name), option.live});
  }
}

bool same_but_for_the_ttl(KeyRule one, const KeyRule& other) {
  one.ttl = other.ttl;
  return one == other;
}

void compare_rules(const Option& option, const std::vector<KeyRule>& one, const std::vector<KeyRule>& other,
                   std::vector<Difference>& found) {
  bool same = one.size() == other.size();
  for (std::size_t i = 0; same && i < one.size(); ++i) same = same_but_for_the_ttl(one[i], other[i]);
  if (!same) {
    found.push_back({std::string(option.path), option.live});
    return;
  }
  const Option* ttl = find_option("key.rules[].ttl");
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].ttl != other[i].ttl) found.push_back({fmt::format("{}[{}].ttl", option.path, i), ttl->live});
  }
}

}  // namespace

std::vector<Difference> differences(const Settings& one, const Settings& other) {
  Settings first = one;  // the options' places are those of a settings that may be changed
  Settings second = other;
  std::vector<Difference> found;
  for (const Option& option : options()) {
    std::visit(
        [&](const auto& kind) {
          const auto& in_first = kind.at(first);
          const auto& in_second = kind.at(second);
          using Value = std::decay_t<decltype(in_first)>;
          if constexpr (std::is_same_v<Value, std::map<std::string, std::string>>) {
            compare_maps(option, in_first, in_second, found);
          } else if constexpr (std::is_same_v<Value, std::vector<KeyRule>>) {
            compare_rules(option, in_first, in_second, found);
          } else if (in_first != in_second) {
            found.push_back({std::string(option.path), option.live});
          }
        },
        option.kind);
  }
  return found;
}

}  // namespace firstseen::config
