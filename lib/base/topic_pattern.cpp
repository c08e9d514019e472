#include "base/topic_pattern.h"

#include <array>

namespace firstseen {

void TopicPattern::Free::operator()(regex_t* regex) const {
  regfree(regex);
  std::default_delete<regex_t>()(regex);
}

TopicPattern::TopicPattern(const std::string& text) {
  auto regex = std::make_unique<regex_t>();
  const int code = regcomp(regex.get(), text.c_str(), REG_EXTENDED | REG_NOSUB);
  if (code == 0) {
    regex_.reset(regex.release());
    return;
  }
  std::array<char, 256> reason{};
  regerror(code, regex.get(), reason.data(), reason.size());
  error_ = reason.data();
}

bool TopicPattern::matches(const std::string& topic) const {
  return regex_ && !is_hidden_topic(topic) && regexec(regex_.get(), topic.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace firstseen
