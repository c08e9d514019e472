#pragma once

#include <span>

#include "kafka/client.h"
#include "kafka/group_consumer.h"
#include "kafka/handles.h"

namespace firstseen::kafka {

/// Commits offsets by the consumer, for at_least_once. The contract is that of Consumer::commit.
class OffsetCommitter {
 public:
  explicit OffsetCommitter(GroupConsumer& consumer) : consumer_(consumer) {}

  Result<Progress> commit(std::span<const OffsetCommit> offsets, const GroupMembership& membership);

 private:
  Result<void> start(std::span<const OffsetCommit> offsets, const GroupMembership& membership);

  GroupConsumer& consumer_;
  QueueHandle reply_;  ///< of a commit that is under way
};

}  // namespace firstseen::kafka
