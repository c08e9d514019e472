#include "kafka/group_membership.h"

#include "kafka/handles.h"

namespace firstseen::kafka {

namespace {

/// Two memberships are equal exactly when their serialised forms are: group, generation, member and instance.
std::string serialised(const rd_kafka_consumer_group_metadata_t* metadata) {
  void* buffer = nullptr;
  std::size_t size = 0;
  const ErrorHandle error(rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size));
  if (error) return {};
  const MemoryHandle<void> owned(buffer);
  return {static_cast<const char*>(buffer), size};
}

/// librdkafka has no accessor for the generation: compare with the same member outside of any generation.
bool is_outside_group(const rd_kafka_consumer_group_metadata_t* metadata, rd_kafka_t* consumer,
                      const std::string& group, const std::string& instance_id) {
  const MemoryHandle<char> member(rd_kafka_memberid(consumer));
  const char* instance = instance_id.empty() ? nullptr : instance_id.c_str();
  const GroupMetadataHandle outside(
      rd_kafka_consumer_group_metadata_new_with_genid(group.c_str(), -1, member ? member.get() : "", instance));
  const GroupMetadataHandle never_joined(
      rd_kafka_consumer_group_metadata_new_with_genid(group.c_str(), -1, "", instance));
  const std::string bytes = serialised(metadata);
  return bytes.empty() || bytes == serialised(outside.get()) || bytes == serialised(never_joined.get());
}

}  // namespace

Result<GroupMembership> current_membership(rd_kafka_t* consumer, const std::string& group,
                                           const std::string& instance_id) {
  GroupMetadataHandle metadata(rd_kafka_consumer_group_metadata(consumer));
  if (!metadata || rd_kafka_assignment_lost(consumer) != 0 ||
      is_outside_group(metadata.get(), consumer, group, instance_id)) {
    return fail(Action::abort, Exit::unavailable, "the consumer is no member of its group now; it is joining again");
  }
  return GroupMembership(std::shared_ptr<const rd_kafka_consumer_group_metadata_t>(std::move(metadata)));
}

const rd_kafka_consumer_group_metadata_t* native(const GroupMembership& membership) {
  return static_cast<const rd_kafka_consumer_group_metadata_t*>(membership.get());
}

bool same_membership(const GroupMembership& a, const GroupMembership& b) {
  return serialised(native(a)) == serialised(native(b));
}

}  // namespace firstseen::kafka
