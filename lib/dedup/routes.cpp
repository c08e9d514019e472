#include "dedup/routes.h"

#include <fmt/format.h>

#include <iterator>

namespace firstseen::dedup {
namespace {

void add_source_headers(const MessageView& message, AddedHeaders& headers) {
  headers.add("firstseen.topic") = message.topic;
  fmt::format_to(std::back_inserter(headers.add("firstseen.partition")), "{}", message.partition);
  fmt::format_to(std::back_inserter(headers.add("firstseen.offset")), "{}", message.offset);
}

}  // namespace

std::string output_topic_of(const std::string& pattern, std::string_view input_topic) {
  constexpr std::string_view placeholder = "{topic}";
  std::string name = pattern;
  for (std::size_t at = name.find(placeholder); at != std::string::npos; at = name.find(placeholder, at)) {
    name.replace(at, placeholder.size(), input_topic);
    at += input_topic.size();
  }
  return name;
}

kafka::Destination Routes::output(const MessageView& message) {
  if (last_ == nullptr || last_->first != message.topic) {
    auto known = outputs_.find(message.topic);
    if (known == outputs_.end()) {
      known = outputs_.emplace(message.topic, output_topic_of(options_.output_topic, message.topic)).first;
    }
    last_ = &*known;
  }
  return {last_->second, options_.partitioner == Partitioner::same ? message.partition : -1};
}

void Routes::add_reject_headers(const MessageView& message, const key::Rejection& rejection, AddedHeaders& headers) {
  add_source_headers(message, headers);
  headers.add("firstseen.reason") = rejection.reason;
  headers.add("firstseen.detail") = rejection.detail;
}

void Routes::add_duplicate_headers(const MessageView& message, const TopicPartitionView& first, std::int64_t offset,
                                   AddedHeaders& headers) {
  add_source_headers(message, headers);
  fmt::format_to(std::back_inserter(headers.add("firstseen.first")), "{}[{}]@{}", first.topic, first.partition, offset);
}

}  // namespace firstseen::dedup
