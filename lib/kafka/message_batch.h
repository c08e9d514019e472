#pragma once

#include <librdkafka/rdkafka.h>

#include <span>
#include <vector>

#include "base/message.h"
#include "kafka/chunk.h"
#include "kafka/handles.h"

namespace firstseen::kafka {

/// Fetched messages and the views of them that are handed out; nothing is copied. The views live until clear().
class MessageBatch final : public ChunkStorage {
 public:
  explicit MessageBatch(bool headers_wanted) : headers_wanted_(headers_wanted) {}

  void clear() override;
  [[nodiscard]] std::span<const MessageView> messages() const override { return views_; }

  void add(MessageHandle message);
  /// Call once after the last add(): the views with their headers.
  std::span<const MessageView> finish();

 private:
  void add_headers(const rd_kafka_message_t& message);

  const bool headers_wanted_;
  std::vector<MessageHandle> messages_;
  std::vector<MessageView> views_;
  std::vector<HeaderView> headers_;         ///< of all messages, one behind the other
  std::vector<std::size_t> headers_begin_;  ///< per message: where its headers begin
};

}  // namespace firstseen::kafka
