#include "key/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <string_view>

#include "base/suggest.h"
#include "key/rule_set.h"
#include "key/strategies.h"

namespace firstseen::key {
namespace {

bool is_name(std::string_view text) {
  constexpr std::size_t longest = 64;
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

}  // namespace

StrategyRegistry::StrategyRegistry()
    : strategies_{
          {"default", make_default}, {"fields", make_fields}, {"hash", make_hash}, {"template", make_template}} {}

StrategyRegistry& StrategyRegistry::global() {
  static StrategyRegistry registry;
  return registry;
}

Result<void> StrategyRegistry::add(const std::string& name, Strategy strategy) {
  if (!is_name(name)) {
    return fail(Exit::config,
                fmt::format("'{}' cannot name a strategy: 1 to 64 letters, digits, '_', '-' and '.' can", name));
  }
  if (!strategy) return fail(Exit::config, fmt::format("the strategy '{}' is an empty function", name));
  const std::unique_lock lock(mutex_);
  if (!strategies_.emplace(name, std::move(strategy)).second) {
    return fail(Exit::config, fmt::format("the strategy '{}' is there already: choose another name", name));
  }
  return {};
}

std::vector<std::string> StrategyRegistry::names() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  names.reserve(strategies_.size());
  for (const auto& [name, strategy] : strategies_) names.push_back(name);
  return names;
}

/// A copy, so that no lock is held while it is called.
Result<Strategy> StrategyRegistry::find(const std::string& name) const {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = strategies_.find(name); found != strategies_.end()) return found->second;
  }
  const std::vector<std::string> known = names();
  const std::string near = suggest(name, known);
  return fail(Exit::config,
              fmt::format("unknown key.strategy '{}': it must be one of {}{}", name, fmt::join(known, ", "),
                          near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

Result<std::unique_ptr<Deriver>> StrategyRegistry::make(const KeySpec& spec) const {
  const auto strategy = find(spec.strategy);
  if (!strategy) return forward(strategy.error());
  try {
    auto made = (*strategy)(spec);
    if (made && *made == nullptr) {
      return fail(Exit::internal, fmt::format("the strategy '{}' made nothing", spec.strategy));
    }
    return made;
  } catch (const std::exception& error) {
    return fail(Exit::internal, fmt::format("the strategy '{}' failed: {}", spec.strategy, error.what()));
  } catch (...) {
    return fail(Exit::internal, fmt::format("the strategy '{}' failed", spec.strategy));
  }
}

Result<std::unique_ptr<Deriver>> Deriver::make(const KeySpec& spec) {
  return spec.rules.empty() ? StrategyRegistry::global().make(spec) : RuleSet::make(spec.rules);
}

}  // namespace firstseen::key
