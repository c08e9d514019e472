#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firstseen::key {

/// What happens to a message that lacks a part of its key.
enum class OnMissing {
  reject,   ///< the rejects route
  as_null,  ///< counts as a part of its own kind, different from null and from ""
  pass,     ///< published without being checked or recorded
};

enum class Scope {
  none,             ///< one set of keys for everything
  topic,            ///< the same key in two input topics is two keys
  topic_partition,  ///< the same key in two partitions is two keys
};

enum class DigestAlgorithm { sha256, sha512, blake2b512, xxh3_128 };

/// One part of a key as configured: record_key, header:NAME, payload, payload:/json/pointer, topic, partition,
/// timestamp:BUCKET.
struct PartSpec {
  std::string text;
  std::optional<OnMissing> on_missing = {};  ///< nothing: the key's own
  std::string shown = {};                    ///< see KeySpec::Shown
};

/// When a rule is used: when the text of a part of the message is, or begins with, or as a whole matches this one.
struct RuleCondition {
  enum class Test { equals, prefix, matches };
  std::string part;  ///< topic, or header:NAME: the last header of that name; one that is missing or null fits no test
  Test test = Test::equals;
  std::string text;        ///< matches: a regular expression as RE2 has them
  std::string shown = {};  ///< see KeySpec::Shown
};

struct KeyRule;

/// How keys are derived; the `key` section of the configuration. What a strategy does not use must be left as it is
/// here.
struct KeySpec {
  std::string strategy = "fields";  ///< fields | default | hash | template, or a registered one (key/registry.h)
  std::string name_space;           ///< `namespace`
  Scope scope = Scope::topic;
  std::vector<PartSpec> fields;  ///< strategies fields and hash
  DigestAlgorithm digest = DigestAlgorithm::sha256;
  OnMissing on_missing = OnMissing::reject;
  std::string context_user;          ///< a part's text, or empty; strategies default and hash
  std::string context_session;       ///< a part's text, or empty; strategies default and hash
  bool include_user = true;          ///< strategy hash: context_user is part of the key
  bool include_session = true;       ///< strategy hash: context_session is part of the key
  std::vector<std::string> exclude;  ///< strategy hash without fields: payload:POINTER each, left out of the payload
  std::string template_text;         ///< `template`; strategy template
  /// `rules`: not empty, the first whose condition fits a message says how its key is derived, and of what else stands
  /// here nothing counts.
  std::vector<KeyRule> rules;
  std::string rule;  ///< the name of the rule that this is the key of: part of it, so that no two rules' keys are equal

  /// What stands for a text in messages, explanations and fingerprints when the text itself must not be shown (it was
  /// put in by ${file:PATH} or ${NAME}): the text before that. Empty: the text may be shown.
  struct Shown {
    std::string name_space;
    std::string context_user;
    std::string context_session;
    std::vector<std::string> exclude;  ///< as many as KeySpec::exclude, or none
    std::string template_text;
  } shown;
};

/// One rule. A strategy of an embedding program must put KeySpec::rule into its keys itself.
struct KeyRule {
  std::string name;                        ///< 1 to 64 letters, digits, '_', '-' and '.'
  std::optional<RuleCondition> when = {};  ///< nothing: it fits every message
  KeySpec key;                             ///< without rules; its `rule` is filled in
};

/// A key of these parts (PartSpec::text each) by this strategy, all else as it is by default.
inline KeySpec of_fields(std::initializer_list<std::string_view> fields, std::string strategy = "fields") {
  KeySpec spec;
  spec.strategy = std::move(strategy);
  for (const std::string_view field : fields) spec.fields.push_back({std::string(field)});
  return spec;
}

/// A rule's number in Derived::rule is a byte.
inline constexpr std::size_t most_rules = 256;

}  // namespace firstseen::key
