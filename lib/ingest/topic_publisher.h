#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "ingest/publisher.h"
#include "ingest/topic_options.h"

namespace firstseen::ingest {

/// Names in Kafka, made of the ledger's id: who may be used by nobody else.
std::string transactional_id(const std::string& ledger_id, std::uint32_t worker);
std::string ledger_group(const std::string& ledger_id, std::uint32_t worker);

/// Publishes by librdkafka. The mark is the metadata of the offset of the topic's partition 0 in a consumer group of
/// the worker's own, which nobody ever joins; what fences two processes from each other is the transactional.id.
Result<std::unique_ptr<Publisher>> make_topic_publisher(const TopicOptions& options, const std::string& ledger_id,
                                                        std::uint32_t worker, LogSink log);

/// Checks that the topic exists. The cluster's id, which may be empty. Exit::unavailable without a broker, Exit::config
/// without the topic.
Result<std::string> check_topic(const TopicOptions& options, LogSink log);

}  // namespace firstseen::ingest
