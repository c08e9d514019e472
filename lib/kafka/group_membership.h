#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "base/error.h"
#include "kafka/client.h"

namespace firstseen::kafka {

/// The consumer's membership now. Fails with Action::abort when the consumer is no member of its group or is about to
/// learn that it has lost its partitions: offsets sent under such a membership would not be fenced by the broker.
Result<GroupMembership> current_membership(rd_kafka_t* consumer, const std::string& group,
                                           const std::string& instance_id);

/// The object behind a GroupMembership that current_membership() made.
const rd_kafka_consumer_group_metadata_t* native(const GroupMembership& membership);

/// Whether two memberships are the same member in the same generation.
bool same_membership(const GroupMembership& a, const GroupMembership& b);

}  // namespace firstseen::kafka
