#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/message.h"
#include "kafka/client.h"
#include "kafka/handles.h"

namespace firstseen::kafka {

inline std::span<rd_kafka_topic_partition_t> elements(rd_kafka_topic_partition_list_t& list) {
  return {list.elems, static_cast<std::size_t>(list.cnt)};
}
inline std::span<const rd_kafka_topic_partition_t> elements(const rd_kafka_topic_partition_list_t& list) {
  return {list.elems, static_cast<std::size_t>(list.cnt)};
}

inline TopicPartition to_topic_partition(const rd_kafka_topic_partition_t& element) {
  return {element.topic, element.partition};
}

PartitionListHandle make_list(std::span<const TopicPartition> partitions);
PartitionListHandle make_list(std::span<const Position> positions);
/// With each offset's metadata.
PartitionListHandle make_list(std::span<const OffsetCommit> offsets);

std::vector<TopicPartition> to_topic_partitions(const rd_kafka_topic_partition_list_t* list);

}  // namespace firstseen::kafka
