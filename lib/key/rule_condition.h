#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/message.h"
#include "key/spec.h"

namespace re2 {
class RE2;
}

namespace firstseen::key {

/// A rule's condition, ready to be used. One thread at a time.
class Condition {
 public:
  /// Exit::config: another part than topic or header:NAME, an expression that RE2 refuses (with what it says).
  static Result<Condition> make(const RuleCondition& spec);

  ~Condition();
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  [[nodiscard]] bool fits(const MessageView& message) const;
  [[nodiscard]] bool needs_headers() const { return !header_.empty(); }

  /// "header:x-kind begins with 'pay'"; the text where it may be shown.
  [[nodiscard]] std::string describe() const;
  /// The same with all that decides: of a text that must not be shown its digest.
  [[nodiscard]] std::string fingerprint() const;
  /// What the message has of the part.
  [[nodiscard]] std::string found(const MessageView& message) const;

 private:
  explicit Condition(RuleCondition spec);
  [[nodiscard]] std::optional<std::string_view> value(const MessageView& message) const;

  RuleCondition spec_;
  std::string header_;       ///< its name; empty: the topic
  std::string fingerprint_;  ///< of the text
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace firstseen::key
