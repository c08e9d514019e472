#include "kafka/offset_commit.h"

#include <utility>

#include "kafka/failure.h"
#include "kafka/group_membership.h"
#include "kafka/partition_list.h"

namespace firstseen::kafka {

namespace {

constexpr Millis slice{1000};

}  // namespace

Result<void> OffsetCommitter::start(std::span<const OffsetCommit> offsets, const GroupMembership& membership) {
  // A consumer's commit carries its membership of now: the batch's own must still be the same.
  const auto now = consumer_.membership();
  if (!now) return forward(now.error());
  if (!same_membership(*now, membership)) {
    return forward(to_error({Call::commit, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, false, false, false, ""}));
  }
  const PartitionListHandle list = make_list(offsets);
  QueueHandle queue(rd_kafka_queue_new(consumer_.handle()));
  const auto sent =
      check(Call::commit, rd_kafka_commit_queue(consumer_.handle(), list.get(), queue.get(), nullptr, nullptr));
  if (sent) reply_ = std::move(queue);
  return sent;
}

Result<Progress> OffsetCommitter::commit(std::span<const OffsetCommit> offsets, const GroupMembership& membership) {
  if (!reply_) {
    if (auto started = start(offsets, membership); !started) return forward(started.error());
  }
  const EventHandle event(rd_kafka_queue_poll(reply_.get(), static_cast<int>(slice.count())));
  if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) return Progress::again;
  reply_.reset();
  if (auto committed = check(Call::commit, rd_kafka_event_error(event.get())); !committed) {
    return forward(committed.error());
  }
  for (const auto& element : elements(*rd_kafka_event_topic_partition_list(event.get()))) {
    if (auto committed = check(Call::commit, element.err); !committed) return forward(committed.error());
  }
  return Progress::done;
}

}  // namespace firstseen::kafka
