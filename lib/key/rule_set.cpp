#include "key/rule_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "key/reasons.h"

namespace firstseen::key {
namespace {

bool is_name(std::string_view text) {
  constexpr std::size_t longest = 64;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !text.empty() && text.size() <= longest && text.find_first_not_of(allowed) == std::string_view::npos;
}

void reject(Derived& out) {
  out.kind = Derived::Kind::reject;
  out.rejection = {std::string(reason::no_rule), "no rule of key.rules fits this message"};
}

}  // namespace

Result<std::unique_ptr<Deriver>> RuleSet::make(const std::vector<KeyRule>& rules) {
  if (rules.size() > most_rules) {
    return fail(Exit::config, fmt::format("{} rules: {} is the most", rules.size(), most_rules));
  }
  auto set = std::make_unique<RuleSet>();
  for (const KeyRule& rule : rules) {
    if (auto added = set->add(rule); !added) return forward(added.error());
  }
  return std::unique_ptr<Deriver>(std::move(set));
}

Result<void> RuleSet::add(const KeyRule& rule) {
  if (!is_name(rule.name)) {
    return fail(Exit::config,
                fmt::format("'{}' cannot name a rule: 1 to 64 letters, digits, '_', '-' and '.' can", rule.name));
  }
  const auto same = [&](const Rule& known) { return known.name == rule.name; };
  if (std::ranges::any_of(rules_, same)) {
    return fail(Exit::config,
                fmt::format("two rules have the name '{}': their keys could not be told apart", rule.name));
  }
  if (!rules_.empty() && !rules_.back().when) {
    return fail(Exit::config, fmt::format("rule '{}' is never reached: '{}' before it fits every message", rule.name,
                                          rules_.back().name));
  }
  if (!rule.key.rules.empty()) return fail(Exit::config, fmt::format("rule '{}' has rules itself", rule.name));
  Rule made{rule.name, std::nullopt, nullptr};
  if (rule.when) {
    auto condition = Condition::make(*rule.when);
    if (!condition) return forward(condition.error());
    made.when.emplace(std::move(*condition));
  }
  KeySpec key = rule.key;
  key.rule = rule.name;
  auto deriver = Deriver::make(key);
  if (!deriver) return forward(deriver.error());
  made.deriver = std::move(*deriver);
  rules_.push_back(std::move(made));
  return {};
}

void RuleSet::derive(const MessageView& message, Derived& out) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].fits(message)) continue;
    rules_[i].deriver->derive(message, out);
    out.rule = static_cast<std::uint8_t>(i);
    return;
  }
  reject(out);
}

Explanation RuleSet::explain(const MessageView& message) {
  std::vector<ExplainedRule> asked;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    const bool fits = rule.fits(message);
    const std::string why = rule.when ? fmt::format("{}: {}", rule.when->describe(), rule.when->found(message))
                                      : std::string("it fits every message");
    asked.push_back({rule.name, why, fits});
    if (!fits) continue;
    Explanation explanation = rule.deriver->explain(message);
    explanation.rules = std::move(asked);
    explanation.result.rule = static_cast<std::uint8_t>(i);
    return explanation;
  }
  Explanation explanation;
  explanation.rules = std::move(asked);
  reject(explanation.result);
  return explanation;
}

bool RuleSet::needs_headers() const {
  return std::ranges::any_of(rules_, [](const Rule& rule) {
    return (rule.when && rule.when->needs_headers()) || rule.deriver->needs_headers();
  });
}

std::string RuleSet::fingerprint() const {
  std::string text;
  for (const Rule& rule : rules_) {
    text += fmt::format("{}{} when {}: {}", text.empty() ? "rules " : "; ", rule.name,
                        rule.when ? rule.when->fingerprint() : "any", rule.deriver->fingerprint());
  }
  return text;
}

std::string RuleSet::description() const {
  std::string text;
  for (const Rule& rule : rules_) {
    text += fmt::format("{}{} when {}: {}", text.empty() ? "rules " : "; ", rule.name,
                        rule.when ? rule.when->describe() : "any", rule.deriver->description());
  }
  return text;
}

}  // namespace firstseen::key
