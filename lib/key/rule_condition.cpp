#include "key/rule_condition.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <utility>

#include "key/explained_part.h"
#include "key/joined_key.h"
#include "key/json_text.h"
#include "key/part_value.h"

namespace firstseen::key {
namespace {

constexpr std::string_view header_prefix = "header:";

std::string_view verb(RuleCondition::Test test) {
  switch (test) {
    case RuleCondition::Test::equals:
      return "equals";
    case RuleCondition::Test::prefix:
      return "begins with";
    case RuleCondition::Test::matches:
      break;
  }
  return "matches";
}

}  // namespace

Condition::Condition(RuleCondition spec) : spec_(std::move(spec)) {}
Condition::~Condition() = default;
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;

Result<Condition> Condition::make(const RuleCondition& spec) {
  Condition condition(spec);
  const std::string_view part = spec.part;
  if (part.starts_with(header_prefix) && part.size() > header_prefix.size()) {
    condition.header_ = part.substr(header_prefix.size());
  } else if (part != "topic") {
    return fail(Exit::config,
                fmt::format("a rule's condition cannot be on '{}': it must be topic or header:NAME", spec.part));
  }
  if (spec.test == RuleCondition::Test::matches) {
    RE2::Options options;
    options.set_log_errors(false);
    condition.expression_ = std::make_unique<RE2>(spec.text, options);
    if (!condition.expression_->ok()) {
      // Its message quotes a piece of the expression.
      return fail(Exit::config, spec.shown.empty()
                                    ? fmt::format("is no regular expression: {}", condition.expression_->error())
                                    : fmt::format("'{}' does not expand to a regular expression", spec.shown));
    }
  }
  condition.fingerprint_ = json_quoted(spec.text);
  if (!spec.shown.empty()) {
    auto digest = sha256_hex(spec.text);
    if (!digest) return forward(digest.error());
    condition.fingerprint_ = "sha256:" + *digest;
  }
  return condition;
}

std::optional<std::string_view> Condition::value(const MessageView& message) const {
  if (header_.empty()) return message.topic;
  const HeaderView* const header = last_header(message, header_);
  return header == nullptr ? std::nullopt : header->value;
}

bool Condition::fits(const MessageView& message) const {
  const auto found = value(message);
  if (!found) return false;
  switch (spec_.test) {
    case RuleCondition::Test::equals:
      return *found == spec_.text;
    case RuleCondition::Test::prefix:
      return found->starts_with(spec_.text);
    case RuleCondition::Test::matches:
      break;
  }
  // The type of its own that RE2 takes is another one in Debian 12 and 13; this name and constructor are in both.
  return RE2::FullMatch(re2::StringPiece(found->data(), found->size()), *expression_);
}

std::string Condition::describe() const {
  return fmt::format("{} {} {}", spec_.part, verb(spec_.test),
                     json_quoted(spec_.shown.empty() ? spec_.text : spec_.shown));
}

std::string Condition::fingerprint() const {
  return fmt::format("{} {} {}", spec_.part, verb(spec_.test), fingerprint_);
}

std::string Condition::found(const MessageView& message) const {
  if (header_.empty()) return bytes_text(message.topic);
  const HeaderView* const header = last_header(message, header_);
  if (header == nullptr) return "there is no such header";
  return header->value ? bytes_text(header->value) : "the header is null";
}

}  // namespace firstseen::key
