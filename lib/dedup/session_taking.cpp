// The phase in which messages are taken: between batches, the chunk, events of partitions.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dedup/session.h"

namespace firstseen::dedup {

namespace {
constexpr std::size_t chunk_messages = 4096;
/// Of one chunk, by the average size of messages: what the hand-over to publishing is bounded by must hold several.
constexpr std::uint64_t chunk_bytes = 4ULL << 20U;
constexpr std::int64_t longest_wait_ms = 1000;
/// While a batch is in flight nothing wakes the consumer when its outcome is known.
constexpr std::int64_t longest_wait_in_flight_ms = 2;
}  // namespace

Result<void> Session::taking() {
  if (auto heard = hear(); !heard) return heard;
  if (backing_off() && context_.clock.steady_ms() >= resume_at_ms_) {
    if (auto ended = end_back_off(); !ended) return ended;
  }
  const bool in_flight = in_flight_.is_open();
  const bool lost = rebalance_ && rebalance_->kind == kafka::Rebalance::Kind::lost;
  if (in_flight && (batch_.is_open() ? must_finish() : wants_quiet())) {
    await();
    return {};
  }
  if (batch_.is_open()) {
    if (lost) {
      start_abort("the assignment was lost");
      return {};
    }
    if (must_finish()) return prepare();
  } else if (!in_flight) {
    const auto busy = between_batches();
    if (!busy) return forward(busy.error());
    if (*busy) return {};
  }
  if (!stage_.has_room()) {
    await();
    return {};
  }
  if (assigned_ && !held_) {
    if (auto asked = standing_ends_.ask(); !asked) return asked;
    if (!batch_.is_open() && !backing_off() && !rebalance_) {
      if (auto asked = fresh_ends_.ask(); !asked) return asked;
    }
  }
  return take_chunk();
}

/// What may only happen while no batch is unfinished. Returns whether it did something, so that the step is over.
Result<bool> Session::between_batches() {
  if (context_.stop.requested()) {
    context_.at(Step::stopping);
    phase_ = Phase::left;
    return true;
  }
  if (hold_is_due()) {
    if (auto followed = follow_hold(); !followed) return forward(followed.error());
    return true;
  }
  if (rebalance_) {
    if (auto answered = answer_rebalance(); !answered) return forward(answered.error());
    return true;
  }
  if (to_assign_ && !backing_off()) {
    if (auto begun = begin_consuming(); !begun) return forward(begun.error());
    return true;
  }
  if (hooks_.requests_wait()) hooks_.between();
  if (!assigned_) return false;
  auto retried = access_.retry(PartitionMode::running);
  if (!retried || *retried || held_) return retried;
  retried = retry_waiting();
  if (!retried || *retried) return retried;
  return settle_gap();
}

/// There is work for between_batches().
bool Session::wants_quiet() const {
  return context_.stop.requested() || hold_is_due() || rebalance_ || (to_assign_ && !backing_off()) ||
         hooks_.requests_wait() || access_.retry_is_due() || waiting_retry_is_due() || gap_is_due();
}

/// The batch in hand takes no more. The commit interval makes it wait for nothing: while its predecessor is in flight,
/// it goes on to grow.
bool Session::must_finish() const {
  return batch_.messages() >= context_.options.max_batch || batch_.bytes() >= context_.options.max_batch_bytes ||
         batch_.is_cut() || (!in_flight_.is_open() && context_.clock.steady_ms() >= complete_at_ms()) ||
         context_.stop.requested() || hold_is_due() || rebalance_.has_value() || hooks_.requests_wait();
}

/// When the batch in hand has waited long enough. Cut before its transaction may begin it would be out no sooner, and
/// what comes meanwhile would have to wait for the one after.
std::int64_t Session::complete_at_ms() const {
  return std::max(batch_.deadline_ms(), next_begin_ms_ - prepare_time_ms_);
}

Millis Session::wait_limit() const {
  const std::int64_t now = context_.clock.steady_ms();
  std::int64_t until = now + longest_wait_ms;
  if (in_flight_.is_open()) {
    until = now + longest_wait_in_flight_ms;
  } else if (batch_.is_open()) {
    until = std::min(until, complete_at_ms());
  }
  if (backing_off()) until = std::min(until, resume_at_ms_);
  return Millis{std::max<std::int64_t>(0, until - now)};
}

std::size_t Session::chunk_limit() const {
  const std::size_t room = context_.options.max_batch - static_cast<std::size_t>(batch_.messages());
  const auto by_bytes = static_cast<std::size_t>(std::max<std::uint64_t>(1, chunk_bytes / message_bytes_));
  return std::min({chunk_messages, by_bytes, room});
}

Result<void> Session::take_chunk() {
  const std::int64_t begun_ns = context_.clock.steady_ns();
  auto taken = context_.consumer.take(chunk_limit(), wait_limit());
  if (!taken) return forward(taken.error());
  if (taken->rebalance) rebalance_ = std::move(taken->rebalance);

  access_.note(*taken);
  if (taken->messages.empty() && !batch_.is_open() && !in_flight_.is_open()) {
    if (auto noted = note_settled(); !noted) return noted;
  }

  const bool was_open = batch_.is_open();
  publications_.clear();
  batch_.times()[BatchStep::take] += context_.clock.steady_ns() - begun_ns;
  const auto dealt_with = intake_.take(taken->messages, publications_);
  if (!dealt_with) return forward(dealt_with.error());
  if (!batch_.is_open()) batch_.times() = {};  // waiting without a batch is nobody's work
  if (!was_open && batch_.is_open() && in_flight_.is_open()) context_.at(Step::overlapping);
  if (*dealt_with > 0) message_bytes_ = 1 + publications_.bytes / *dealt_with;
  std::vector<Position> untaken;
  if (*dealt_with < taken->messages.size()) {
    batch_.cut();
    untaken = positions_of(taken->messages.subspan(*dealt_with));
    if (auto rewound = context_.consumer.rewind(untaken); !rewound) return rewound;
  }
  if (!publications_.list.empty()) {
    publications_.chunk = std::move(taken->chunk);
    stage_.push(std::exchange(publications_, stage_.spare()));
  }
  for (const kafka::PartitionEvent& event : taken->events) {
    // What lies behind the messages of a rewound partition is met again; everything else is said only once.
    const bool met_again =
        event.kind != kafka::PartitionEvent::Kind::inaccessible &&
        std::any_of(untaken.begin(), untaken.end(), [&](const Position& one) { return one.tp == event.tp; });
    if (met_again) continue;
    if (auto seen = on_event(event); !seen) return seen;
  }
  return {};
}

/// Nothing comes: a crash from now on leaves no batch in doubt, whatever becomes of the group's offsets meanwhile.
/// Where the disk has no room for it, the next prepare says so.
Result<void> Session::note_settled() {
  auto noted = context_.store.note_settled();
  return noted || noted.error().action == Action::pause ? Result<void>{} : noted;
}

/// Where to fetch these messages again, which must not share the batch in hand.
std::vector<Position> Session::positions_of(std::span<const MessageView> messages) {
  std::vector<Position> positions;
  for (const MessageView& message : messages) {
    const Partition* partition = partitions_.of(message);
    if (partition == nullptr || !partition->running()) continue;
    const Position position{partition->tp, partition->state.next_offset};
    if (std::find(positions.begin(), positions.end(), position) == positions.end()) positions.push_back(position);
  }
  return positions;
}

Result<void> Session::on_event(const kafka::PartitionEvent& event) {
  Partition* partition = partitions_.find(event.tp);
  if (partition == nullptr) return {};
  if (event.kind == kafka::PartitionEvent::Kind::inaccessible) {
    access_.note_refusal(*partition, event.detail);
    return {};
  }
  if (!partition->running()) return {};
  switch (event.kind) {
    case kafka::PartitionEvent::Kind::end_of_log:
      if (held_) return {};
      if (partition->verify && event.offset <= partition->verify->offset) {
        return intake_.meet_other_log(*partition, fmt::format("the log ends at offset {}, and what was read before "
                                                              "reached to {}",
                                                              event.offset, partition->state.next_offset));
      }
      // Markers have come behind the end: their batch is not behind for as long as no message came.
      if (partition->at_end && event.offset > partition->state.next_offset) {
        partition->leave_end(context_.clock.wall_ms());
      }
      partition->reach_end();
      partition->verify.reset();
      // Only transaction markers or compacted messages lie between; committing past them keeps the lag true, and the
      // position inside the log when retention takes them.
      if (event.offset > partition->state.next_offset) return intake_.advance(*partition, event.offset);
      return {};
    case kafka::PartitionEvent::Kind::offset_out_of_range:
      partition->gap_to_settle = true;
      retry_gap_at_ms_ = -1;  // whoever else is waited for, its leader may answer
      return {};
    case kafka::PartitionEvent::Kind::inaccessible:
      return {};
    case kafka::PartitionEvent::Kind::unreadable:
      partition->stop(
          StopCause::unreadable,
          fmt::format(
              "{} is damaged at offset {}: {}. Mend the log and restart, or delete the records up to the damaged "
              "ones (kafka-delete-records.sh) and restart with input.on_gap: skip",
              to_string(event.tp), event.offset, event.detail));
      context_.log(LogLevel::error, partition->reason);
      return context_.consumer.pause(std::vector{event.tp});
  }
  return {};
}

}  // namespace firstseen::dedup
