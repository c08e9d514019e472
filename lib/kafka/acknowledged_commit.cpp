#include <fmt/format.h>

#include "kafka/batch_commit.h"
#include "kafka/failure.h"

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
  return {};
}

Result<Progress> AcknowledgedCommit::send_offsets(std::span<const OffsetCommit> /*offsets*/,
                                                  const GroupMembership& /*membership*/) {
  if (producer_.outstanding() != 0) producer_.flush(slice);
  if (auto fatal = check_fatal(producer_.handle(), Call::send_offsets); !fatal) return forward(fatal.error());
  if (producer_.has_failures()) {
    return fail(Action::abort, Exit::unavailable, fmt::format("a delivery failed: {}", producer_.first_failure()));
  }
  return producer_.outstanding() != 0 ? again(producer_.unacknowledged()) : done();
}

Result<Progress> AcknowledgedCommit::abort() {
  if (producer_.outstanding() == 0) return done();
  // Requests on their way are waited for: purging them could leave a gap in the idempotent producer's sequence.
  rd_kafka_purge(producer_.handle(), RD_KAFKA_PURGE_F_QUEUE);
  producer_.flush(slice);
  if (auto fatal = check_fatal(producer_.handle(), Call::abort); !fatal) return forward(fatal.error());
  return producer_.outstanding() == 0 ? done() : again(producer_.unacknowledged());
}

}  // namespace firstseen::kafka
