#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "base/error.h"
#include "kafka/handles.h"

namespace firstseen::demo {

/// A client of librdkafka with nothing but these properties: the demo's own producer and reader share no code with the
/// daemon's.
Result<kafka::ClientHandle> make_plain_client(rd_kafka_type_t type,
                                              std::initializer_list<std::pair<const char*, std::string>> properties);

}  // namespace firstseen::demo
