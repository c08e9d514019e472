#include <fmt/format.h>

#include "kafka/batch_commit.h"
#include "kafka/failure.h"
#include "kafka/group_membership.h"
#include "kafka/partition_list.h"

namespace firstseen::kafka {

namespace {

constexpr Millis slice{1000};

}  // namespace

Result<void> AcknowledgedCommit::begin() {
  producer_.serve(Millis(0));
  if (producer_.outstanding() != 0) {
    return fail(Action::restart, Exit::internal, "deliveries of the last batch are still unreported");
  }
  producer_.new_batch();
  offsets_.reset();
  membership_.reset();
  reply_.reset();
  return {};
}

Result<Progress> AcknowledgedCommit::send_offsets(std::span<const OffsetCommit> offsets,
                                                  const GroupMembership& membership) {
  if (producer_.outstanding() != 0) producer_.flush(slice);
  if (auto fatal = check_fatal(producer_.handle(), Call::send_offsets); !fatal) return forward(fatal.error());
  if (producer_.has_failures()) {
    return fail(Action::abort, Exit::unavailable, fmt::format("a delivery failed: {}", producer_.first_failure()));
  }
  if (producer_.outstanding() != 0) return Progress::again;
  offsets_ = make_list(offsets);
  membership_ = membership;
  return Progress::done;
}

Result<void> AcknowledgedCommit::start_commit() {
  if (!offsets_) return fail(Action::restart, Exit::internal, "commit without offsets");
  // A consumer's commit carries its membership of now: the batch's own must still be the same.
  const auto now = consumer_.membership();
  if (!now) return forward(now.error());
  if (!same_membership(*now, membership_)) {
    return forward(to_error({Call::commit, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, false, false, false, ""}));
  }
  QueueHandle queue(rd_kafka_queue_new(consumer_.handle()));
  if (auto sent =
          check(Call::commit, rd_kafka_commit_queue(consumer_.handle(), offsets_.get(), queue.get(), nullptr, nullptr));
      !sent) {
    return sent;
  }
  reply_ = std::move(queue);
  return {};
}

Result<Progress> AcknowledgedCommit::commit() {
  if (!reply_) {
    if (auto started = start_commit(); !started) return forward(started.error());
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
  offsets_.reset();
  return Progress::done;
}

Result<Progress> AcknowledgedCommit::abort() {
  offsets_.reset();
  reply_.reset();
  if (producer_.outstanding() == 0) return Progress::done;
  // Requests on their way are waited for: purging them could leave a gap in the idempotent producer's sequence.
  rd_kafka_purge(producer_.handle(), RD_KAFKA_PURGE_F_QUEUE);
  producer_.flush(slice);
  if (auto fatal = check_fatal(producer_.handle(), Call::abort); !fatal) return forward(fatal.error());
  return producer_.outstanding() == 0 ? Progress::done : Progress::again;
}

}  // namespace firstseen::kafka
