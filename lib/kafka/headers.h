#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <span>

#include "base/error.h"
#include "base/message.h"
#include "kafka/client.h"
#include "kafka/handles.h"

namespace firstseen::kafka {

/// The headers of a message to be published: the message's own, in order, with repeats and null values, then the added
/// ones. Taken from the native message where there is one, else from MessageView::headers. A null handle when there are
/// none. Fails when the broker's bytes are no headers: such a message cannot be carried.
Result<HeadersHandle> copy_headers(const MessageView& message, std::span<const AddedHeader> added);

/// Bytes of all names and values.
std::size_t headers_size(const rd_kafka_message_t& message);

}  // namespace firstseen::kafka
