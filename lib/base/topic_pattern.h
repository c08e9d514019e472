#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>

namespace firstseen {

/// Whether no pattern selects a topic of this name: Kafka's own, and others that are named like them.
inline bool is_hidden_topic(std::string_view topic) { return topic.starts_with("__"); }

/// An entry of input.topics that begins with ^: a POSIX extended regular expression, as librdkafka matches it.
class TopicPattern {
 public:
  /// Whether an entry is a pattern and not a topic's name.
  static bool is_one(std::string_view entry) { return entry.starts_with('^'); }

  explicit TopicPattern(const std::string& text);

  /// Why the text is no regular expression; empty: it is one.
  [[nodiscard]] const std::string& error() const { return error_; }
  /// Whether the pattern selects a topic. Hidden ones are never selected; nor is any by a pattern with an error.
  [[nodiscard]] bool matches(const std::string& topic) const;

 private:
  struct Free {
    void operator()(regex_t* regex) const;
  };

  std::unique_ptr<regex_t, Free> regex_;  ///< null: error_ says why
  std::string error_;
};

}  // namespace firstseen
