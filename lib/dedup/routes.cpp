#include "dedup/routes.h"

namespace firstseen::dedup {
namespace {

std::vector<kafka::AddedHeader> source_headers(const MessageView& message) {
  return {{"firstseen.topic", std::string(message.topic)},
          {"firstseen.partition", std::to_string(message.partition)},
          {"firstseen.offset", std::to_string(message.offset)}};
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

std::vector<kafka::AddedHeader> Routes::reject_headers(const MessageView& message, const key::Rejection& rejection) {
  auto headers = source_headers(message);
  headers.push_back({"firstseen.reason", rejection.reason});
  headers.push_back({"firstseen.detail", rejection.detail});
  return headers;
}

std::vector<kafka::AddedHeader> Routes::duplicate_headers(const MessageView& message, const Position& first) {
  auto headers = source_headers(message);
  headers.push_back({"firstseen.first", to_string(first.tp) + "@" + std::to_string(first.offset)});
  return headers;
}

}  // namespace firstseen::dedup
