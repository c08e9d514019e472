#include "kafka/message_batch.h"

#include <optional>
#include <string_view>
#include <utility>

namespace firstseen::kafka {

namespace {

std::optional<std::string_view> bytes_or_null(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

void MessageBatch::clear() {
  views_.clear();
  headers_.clear();
  headers_begin_.clear();
  messages_.clear();
}

void MessageBatch::add(MessageHandle message) {
  MessageView view;
  view.topic = rd_kafka_topic_name(message->rkt);
  view.partition = message->partition;
  view.offset = message->offset;
  view.timestamp_ms = rd_kafka_message_timestamp(message.get(), nullptr);
  view.key = bytes_or_null(message->key, message->key_len);
  view.value = bytes_or_null(message->payload, message->len);
  view.native = message.get();
  if (headers_wanted_) add_headers(*message);
  views_.push_back(view);
  messages_.push_back(std::move(message));
}

void MessageBatch::add_headers(const rd_kafka_message_t& message) {
  headers_begin_.push_back(headers_.size());
  rd_kafka_headers_t* headers = nullptr;  // belongs to the message
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    headers_.push_back({name, bytes_or_null(value, size)});
  }
}

std::span<const MessageView> MessageBatch::finish() {
  for (std::size_t i = 0; i < headers_begin_.size(); ++i) {
    const std::size_t end = i + 1 < headers_begin_.size() ? headers_begin_[i + 1] : headers_.size();
    views_[i].headers = std::span(headers_).subspan(headers_begin_[i], end - headers_begin_[i]);
  }
  return views_;
}

}  // namespace firstseen::kafka
