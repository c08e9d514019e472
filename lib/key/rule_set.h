#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "key/deriver.h"
#include "key/rule_condition.h"

namespace firstseen::key {

/// Derives the key as the first rule says whose condition fits the message; one that fits none is rejected.
class RuleSet final : public Deriver {
 public:
  /// Exit::config: a rule that cannot be made, two of one name, one behind a rule that fits every message, too many.
  static Result<std::unique_ptr<Deriver>> make(const std::vector<KeyRule>& rules);

  void derive(const MessageView& message, Derived& out) override;
  [[nodiscard]] Explanation explain(const MessageView& message) override;
  [[nodiscard]] bool needs_headers() const override;
  [[nodiscard]] std::string fingerprint() const override;
  [[nodiscard]] std::string description() const override;

 private:
  struct Rule {
    std::string name;
    std::optional<Condition> when;
    std::unique_ptr<Deriver> deriver;

    [[nodiscard]] bool fits(const MessageView& message) const { return !when || when->fits(message); }
  };
  Result<void> add(const KeyRule& rule);

  std::vector<Rule> rules_;
};

}  // namespace firstseen::key
