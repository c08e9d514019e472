#include "kafka/partition_list.h"

#include <cstring>

namespace firstseen::kafka {

namespace {

PartitionListHandle empty_list(std::size_t capacity) {
  return PartitionListHandle(rd_kafka_topic_partition_list_new(static_cast<int>(capacity)));
}

rd_kafka_topic_partition_t& add(PartitionListHandle& list, const TopicPartition& tp) {
  return *rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition);
}

}  // namespace

PartitionListHandle make_list(std::span<const TopicPartition> partitions) {
  PartitionListHandle list = empty_list(partitions.size());
  for (const TopicPartition& tp : partitions) add(list, tp);
  return list;
}

PartitionListHandle make_list(std::span<const Position> positions) {
  PartitionListHandle list = empty_list(positions.size());
  for (const Position& position : positions) add(list, position.tp).offset = position.offset;
  return list;
}

PartitionListHandle make_list(std::span<const OffsetCommit> offsets) {
  PartitionListHandle list = empty_list(offsets.size());
  for (const OffsetCommit& commit : offsets) {
    rd_kafka_topic_partition_t& element = add(list, commit.tp);
    element.offset = commit.next_offset;
    if (commit.metadata.empty()) continue;
    // The list's destructor frees the metadata, so it must come from librdkafka's allocator.
    element.metadata = rd_kafka_mem_malloc(nullptr, commit.metadata.size());
    element.metadata_size = commit.metadata.size();
    std::memcpy(element.metadata, commit.metadata.data(), commit.metadata.size());
  }
  return list;
}

std::vector<TopicPartition> to_topic_partitions(const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> partitions;
  if (list == nullptr) return partitions;
  for (const auto& element : elements(*list)) partitions.push_back(to_topic_partition(element));
  return partitions;
}

}  // namespace firstseen::kafka
