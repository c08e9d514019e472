#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/message.h"
#include "dedup/options.h"
#include "dedup/publication.h"
#include "kafka/client.h"
#include "key/deriver.h"

namespace firstseen::dedup {

/// The output topic of an input topic: `output.topic` with {topic} filled in.
std::string output_topic_of(const std::string& pattern, std::string_view input_topic);

/// Where messages of each verdict go, and the headers that a side topic's messages carry behind their own:
/// firstseen.topic, firstseen.partition, firstseen.offset (of the input message), firstseen.reason and firstseen.detail
/// (rejects), firstseen.first (duplicates: "topic[partition]@offset" of the message first seen).
class Routes {
 public:
  explicit Routes(const SlotOptions& options) : options_(options) {}

  kafka::Destination output(const MessageView& message);
  [[nodiscard]] kafka::Destination rejects() const { return {options_.rejects_topic, -1}; }
  [[nodiscard]] kafka::Destination duplicates() const { return {options_.duplicates_topic, -1}; }

  static void add_reject_headers(const MessageView& message, const key::Rejection& rejection, AddedHeaders& headers);
  /// `first` and `offset`: the message first seen.
  static void add_duplicate_headers(const MessageView& message, const TopicPartitionView& first, std::int64_t offset,
                                    AddedHeaders& headers);

 private:
  const SlotOptions& options_;
  std::map<std::string, std::string, std::less<>> outputs_;          ///< by input topic
  const std::pair<const std::string, std::string>* last_ = nullptr;  ///< messages come in runs of one topic
};

}  // namespace firstseen::dedup
