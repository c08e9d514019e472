// A back-off outside the taking phase: neither the group nor a person is kept waiting for its end.
#include <fmt/format.h>

#include <algorithm>

#include "dedup/session.h"

namespace firstseen::dedup {

namespace {
/// At a time, so that requests are answered.
constexpr Millis listen_limit{50};
/// Where nobody can be heard.
constexpr Millis idle_limit{1000};
}  // namespace

/// Waits that long or less.
Result<void> Session::listen(Millis limit) {
  switch (phase_) {
    case Phase::asking:
      return stay_in_touch();
    case Phase::rebuilding:
      if (hooks_.requests_wait()) hooks_.between();
      if (auto heard = rebuild_->listen(std::min(limit, listen_limit), rebalance_); !heard) return heard;
      if (rebalance_) end_rebuild();
      return {};
    case Phase::falling:
      return listen_while_falling(std::min(limit, listen_limit));
    case Phase::initialise:
    case Phase::rule:
    case Phase::taking:
    case Phase::aborting:
    case Phase::left:
      break;
  }
  context_.idle(std::min(limit, idle_limit));
  return {};
}

/// What the batches were in Kafka is aborted, and only this store has still to cut them off: whoever gets their
/// partitions need not wait for that. All that is fetched is paused; new partitions are planned later.
Result<void> Session::listen_while_falling(Millis limit) {
  if (failures_in_a_row_ > 1 && hooks_.requests_wait()) {
    hooks_.refuse(
        fmt::format("nothing was done: a batch that failed cannot be cut off the store yet ({}); try again "
                    "when it is",
                    detail_));
  }
  if (rebalance_ && rebalance_->kind != kafka::Rebalance::Kind::assigned) return answer_rebalance();
  const bool to_answer = !assigned_ && (rebalance_ || to_assign_) && !in_touch_;
  if (to_answer) {
    if (auto answered = context_.consumer.assign({}); !answered) return answered;
    in_touch_ = true;
  }
  auto taken = context_.consumer.take(1, limit);
  if (!taken) return forward(taken.error());
  for (const kafka::PartitionEvent& event : taken->events) {
    if (event.kind != kafka::PartitionEvent::Kind::inaccessible) continue;  // what else there is is met again
    if (auto seen = on_event(event); !seen) return seen;
  }
  if (taken->rebalance) {
    rebalance_ = std::move(taken->rebalance);
    in_touch_ = false;
  }
  return {};
}

}  // namespace firstseen::dedup
