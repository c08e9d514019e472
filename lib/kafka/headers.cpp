#include "kafka/headers.h"

#include <string_view>

namespace firstseen::kafka {

namespace {

/// The headers belong to the message; null when it has none.
rd_kafka_headers_t* headers_of(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  return rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR ? headers : nullptr;
}

void add(rd_kafka_headers_t* headers, std::string_view name, const void* value, std::size_t size) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value, static_cast<ssize_t>(size));
}

HeadersHandle copy_views(std::span<const HeaderView> views, std::size_t reserve) {
  HeadersHandle headers(rd_kafka_headers_new(views.size() + reserve));
  for (const HeaderView& view : views) {
    const void* value = !view.value ? nullptr : view.value->empty() ? "" : view.value->data();
    add(headers.get(), view.name, value, view.value ? view.value->size() : 0);
  }
  return headers;
}

}  // namespace

Result<HeadersHandle> copy_headers(const MessageView& message, std::span<const AddedHeader> added) {
  HeadersHandle headers;
  if (message.native != nullptr) {
    rd_kafka_headers_t* own = nullptr;
    const auto code = rd_kafka_message_headers(static_cast<const rd_kafka_message_t*>(message.native), &own);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      headers.reset(rd_kafka_headers_copy(own));
    } else if (code != RD_KAFKA_RESP_ERR__NOENT) {
      return fail(Action::abort, Exit::bad_data, rd_kafka_err2str(code));
    }
  } else if (!message.headers.empty()) {
    headers = copy_views(message.headers, added.size());
  }
  if (!headers && !added.empty()) headers.reset(rd_kafka_headers_new(added.size()));
  for (const AddedHeader& header : added) add(headers.get(), header.name, header.value.data(), header.value.size());
  return headers;
}

std::size_t headers_size(const rd_kafka_message_t& message) {
  const rd_kafka_headers_t* headers = headers_of(message);
  if (headers == nullptr) return 0;
  std::size_t total = 0;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    total += std::string_view(name).size() + size;
  }
  return total;
}

}  // namespace firstseen::kafka
