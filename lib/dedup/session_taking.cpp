// The phase in which messages are taken: between batches, the chunk, events of partitions.
#include <algorithm>
#include <utility>

#include "dedup/session.h"

namespace firstseen::dedup {

namespace {
constexpr std::size_t chunk_messages = 4096;
constexpr std::int64_t longest_wait_ms = 1000;
}  // namespace

Result<void> Session::taking() {
  if (backing_off() && context_.clock.steady_ms() >= resume_at_ms_) {
    if (auto ended = end_back_off(); !ended) return ended;
  }
  if (batch_.is_open()) {
    if (must_finish()) return prepare();
  } else {
    const auto busy = between_batches();
    if (!busy) return forward(busy.error());
    if (*busy) return {};
  }
  return take_chunk();
}

/// What may only happen with no batch in hand. Returns whether it did something, so that the step is over.
Result<bool> Session::between_batches() {
  if (context_.stop.requested()) {
    context_.at(Step::stopping);
    phase_ = Phase::left;
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
  if (requests_wait_()) between_();
  return settle_gap();
}

bool Session::must_finish() const {
  return batch_.messages() >= context_.options.max_batch || batch_.bytes() >= context_.options.max_batch_bytes ||
         context_.clock.steady_ms() >= batch_.deadline_ms() || context_.stop.requested() || rebalance_.has_value() ||
         requests_wait_();
}

Millis Session::wait_limit() const {
  const std::int64_t now = context_.clock.steady_ms();
  std::int64_t until = now + longest_wait_ms;
  if (batch_.is_open()) until = std::min(until, batch_.deadline_ms());
  if (backing_off()) until = std::min(until, resume_at_ms_);
  return Millis{std::max<std::int64_t>(0, until - now)};
}

Result<void> Session::take_chunk() {
  const std::size_t room = context_.options.max_batch - static_cast<std::size_t>(batch_.messages());
  auto taken = context_.client.take(std::min(chunk_messages, room), wait_limit());
  if (!taken) return forward(taken.error());
  if (taken->rebalance) rebalance_ = std::move(taken->rebalance);

  const auto dealt_with = intake_.take(taken->messages);
  if (!dealt_with) return forward(dealt_with.error());
  if (*dealt_with < taken->messages.size()) {
    if (auto rewound = rewind_untaken(taken->messages.subspan(*dealt_with)); !rewound) return rewound;
    return prepare();
  }
  for (const kafka::PartitionEvent& event : taken->events) {
    if (auto seen = on_event(event); !seen) return seen;
  }
  if (rebalance_ && rebalance_->kind == kafka::Rebalance::Kind::lost && batch_.is_open()) {
    start_abort("the assignment was lost");
  }
  return {};
}

/// These messages must not share the batch in hand: they are fetched again for the next one.
Result<void> Session::rewind_untaken(std::span<const MessageView> messages) {
  std::vector<Position> positions;
  for (const MessageView& message : messages) {
    const Partition* partition = partitions_.of(message);
    if (partition == nullptr || !partition->running()) continue;
    const Position position{partition->tp, partition->state.next_offset};
    if (std::find(positions.begin(), positions.end(), position) == positions.end()) positions.push_back(position);
  }
  return context_.client.rewind(positions);
}

Result<void> Session::on_event(const kafka::PartitionEvent& event) {
  Partition* partition = partitions_.find(event.tp);
  if (partition == nullptr || !partition->running()) return {};
  switch (event.kind) {
    case kafka::PartitionEvent::Kind::end_of_log:
      partition->at_end = true;
      partition->verify.reset();
      // Only transaction markers or compacted messages lie between; committing past them keeps the lag true, and the
      // position inside the log when retention takes them.
      if (event.offset > partition->state.next_offset) return intake_.advance(*partition, event.offset);
      return {};
    case kafka::PartitionEvent::Kind::offset_out_of_range:
      partition->gap_to_settle = true;
      return {};
    case kafka::PartitionEvent::Kind::failed:
      partition->stop(StopCause::failed, to_string(event.tp) + " cannot be read: " + event.detail);
      context_.log(LogLevel::error, partition->reason);
      return context_.client.pause(std::vector{event.tp});
  }
  return {};
}

/// Decides one partition whose position is of no use. Returns whether there was one.
Result<bool> Session::settle_gap() {
  for (auto& [tp, partition] : partitions_) {
    if (!partition.gap_to_settle || !assigned_) continue;
    const auto log = context_.client.watermarks(tp);
    if (!log) return forward(log.error());
    if (!*log) return true;
    if (auto gone_on = go_on_after_gap(partition, **log); !gone_on) return forward(gone_on.error());
    return true;
  }
  return false;
}

Result<void> Session::go_on_after_gap(Partition& partition, const kafka::Watermarks& log) {
  partition.gap_to_settle = false;
  const std::int64_t position = partition.state.next_offset;
  if (!partition.other_log && position >= log.low && position <= log.high) {
    partition.verify.reset();  // the message to compare with has gone, the position itself is good
    return context_.client.rewind(std::vector{Position{partition.tp, position}});
  }
  const std::string text = partition.other_log ? partition.reason : outside_the_log(partition.tp, position, log);
  if (context_.options.on_gap == OnGap::stop) {
    partition.stop(StopCause::gap, text);
    context_.log(LogLevel::error, text);
    return context_.client.pause(std::vector{partition.tp});
  }
  context_.log(LogLevel::warning, text + "; input.on_gap is skip: going on at offset " + std::to_string(log.low));
  if (auto advanced = intake_.advance(partition, log.low); !advanced) return advanced;
  partition.state.last = {};
  return go_on(partition);
}

}  // namespace firstseen::dedup
