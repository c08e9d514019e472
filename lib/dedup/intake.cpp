#include "dedup/intake.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "dedup/stream_time.h"

namespace firstseen::dedup {

using kafka::Progress;

Intake::Intake(const Context& context, Partitions& partitions, Batch& batch, const Suspects& suspects,
               const std::set<Position>& skipped)
    : context_(context),
      partitions_(partitions),
      batch_(batch),
      suspects_(suspects),
      skipped_(skipped),
      routes_(context.options) {}

Result<std::size_t> Intake::take(std::span<const MessageView> messages) {
  wall_ms_ = context_.clock.wall_ms();
  swept_before_ms_ = context_.store.stats().swept_before_ms;
  std::size_t taken = 0;
  for (const MessageView& message : messages) {
    const auto fate = take_one(message);
    if (!fate) return forward(fate.error());
    if (*fate == Fate::cut) break;
    ++taken;
  }
  note_last_messages();
  return taken;
}

Result<Intake::Fate> Intake::take_one(const MessageView& message) {
  Partition* partition = partitions_.of(message);
  if (partition == nullptr || !partition->running()) return Fate::taken;
  if (partition->verify) {
    const auto same = still_the_same_log(message, *partition);
    if (!same) return forward(same.error());
    if (!*same) return Fate::taken;
  }
  if (message.offset < partition->state.next_offset) return Fate::taken;

  store::PartitionState next = partition->state;
  const bool clipped = observe_timestamp(next, message.timestamp_ms, wall_ms_, context_.options.max_skew);
  next.next_offset = message.offset + 1;
  bool suspect = false;
  if (!suspects_.empty()) {
    const Position position{partition->tp, message.offset};
    if (!suspects_.fits(position, batch_.messages(), batch_.suspects())) return Fate::cut;
    suspect = suspects_.is_suspect(position);
  }
  const Verdict verdict = judge(message, next);
  if (must_stop_) {
    if (auto stopped = stop_at(message, *partition); !stopped) return forward(stopped.error());
    return Fate::taken;
  }
  if (auto opened = open(); !opened) return forward(opened.error());
  if (auto done = carry_out(message, *partition, next, verdict); !done) return forward(done.error());
  if (suspect) batch_.count_suspect();
  if (clipped) ++batch_.counts().clipped_timestamps;
  partition->state = next;
  partition->at_end = false;
  partition->last_in_chunk = &message;
  return Fate::taken;
}

Verdict Intake::judge(const MessageView& message, const store::PartitionState& next) {
  must_stop_ = false;
  dropped_ = false;
  found_.reset();
  if (!suspects_.empty() || !skipped_.empty()) {
    const Position position{{std::string(message.topic), message.partition}, message.offset};
    if (skipped_.contains(position)) {
      derived_.rejection = {"skipped", "a person asked to go on behind this message"};
      dropped_ = true;
      return Verdict::rejected;
    }
    if (const Suspects::Condemned* condemned = suspects_.condemned(position)) {
      derived_.rejection = {"undeliverable", condemned->reason};
      const RejectRoute route = context_.options.rejects;
      must_stop_ = route == RejectRoute::stop || route == RejectRoute::pass ||
                   (route == RejectRoute::topic && condemned->failures > 1);
      return Verdict::rejected;
    }
  }
  context_.deriver.derive(message, derived_);
  if (derived_.kind == key::Derived::Kind::key) found_ = context_.store.find(derived_.digest, decision_time(next));
  const Verdict verdict = decide(derived_.kind, found_.has_value());
  must_stop_ = verdict == Verdict::rejected && context_.options.rejects == RejectRoute::stop;
  return verdict;
}

Result<void> Intake::carry_out(const MessageView& message, Partition& partition, const store::PartitionState& next,
                               Verdict verdict) {
  const std::uint32_t range = batch_.range_of(partition);
  batch_.count_message((message.key ? message.key->size() : 0) + (message.value ? message.value->size() : 0));
  ++batch_.counts().consumed;
  if (verdict == Verdict::rejected && !dropped_ && context_.options.rejects == RejectRoute::pass) {
    verdict = Verdict::passed;
  }
  switch (verdict) {
    case Verdict::first_seen:
      return carry_out_first_seen(message, range, decision_time(next));
    case Verdict::duplicate:
      return carry_out_duplicate(message, range, decision_time(next));
    case Verdict::rejected:
      return carry_out_rejected(message);
    case Verdict::passed:
      break;
  }
  ++batch_.counts().passed;
  return publish(message, routes_.output(message), {});
}

Result<void> Intake::carry_out_first_seen(const MessageView& message, std::uint32_t range, std::int64_t now_ms) {
  ++batch_.counts().first_seen;
  if (now_ms - context_.options.ttl.count() < swept_before_ms_) ++batch_.counts().late;
  stage(range, message, now_ms);
  return publish(message, routes_.output(message), {});
}

Result<void> Intake::carry_out_duplicate(const MessageView& message, std::uint32_t range, std::int64_t now_ms) {
  ++batch_.counts().duplicates;
  const TopicPartition& first = found_->staged ? batch_.source(found_->range) : found_->source;
  if (first.partition != message.partition || first.topic != message.topic) ++batch_.counts().cross_partition;
  const Position first_position{first, found_->offset};
  if (context_.options.refresh_on_duplicate) stage(range, message, now_ms);
  if (context_.options.duplicates == DuplicateRoute::drop) return {};
  return publish(message, routes_.duplicates(), Routes::duplicate_headers(message, first_position));
}

Result<void> Intake::carry_out_rejected(const MessageView& message) {
  ++batch_.counts().rejected;
  ++batch_.counts().rejected_by_reason[derived_.rejection.reason];
  if (dropped_ || context_.options.rejects == RejectRoute::drop) return {};
  return publish(message, routes_.rejects(), Routes::reject_headers(message, derived_.rejection));
}

Result<void> Intake::publish(const MessageView& message, const kafka::Destination& to,
                             std::span<const kafka::AddedHeader> added) {
  if (message.timestamp_ms < 1) ++batch_.counts().uncarried_timestamps;
  for (;;) {
    const auto progress = context_.client.publish(message, to, added);
    if (!progress) return forward(progress.error());
    if (*progress == Progress::done) break;
    if (context_.stop.expired(context_.clock)) {
      return fail(Action::abort, Exit::ok, "stopping while the producer's queue is full");
    }
  }
  if (batch_.first_publish()) context_.at(Step::published);
  return {};
}

Result<void> Intake::stop_at(const MessageView& message, Partition& partition) {
  partition.stop(
      StopCause::rejected,
      fmt::format("{} offset {} is rejected: {} ({}); rejects.route is {}. Mend the producer or the key, or go on "
                  "with: firstseen skip {} {} {}",
                  to_string(partition.tp), message.offset, derived_.rejection.reason, derived_.rejection.detail,
                  context_.options.rejects == RejectRoute::stop ? "stop" : "of no help for this message",
                  partition.tp.topic, partition.tp.partition, message.offset));
  // The position of the message itself, so that skip can tell that it is meant; offsets between were only markers.
  partition.stopped_at = message.offset;
  context_.log(LogLevel::error, partition.reason);
  return context_.client.pause(std::array{partition.tp});
}

/// Compares the message that the store recorded last with what stands in the log now. Returns whether the message is to
/// be processed.
Result<bool> Intake::still_the_same_log(const MessageView& message, Partition& partition) {
  const store::LastMessage expected = *partition.verify;
  partition.verify.reset();
  if (message.offset != expected.offset) return true;  // compacted away or expired: nothing to compare
  if (message.timestamp_ms == expected.timestamp_ms && message_checksum(message) == expected.checksum) return false;
  partition.stop(
      StopCause::gap,
      fmt::format("{}: the message at offset {} is not the one that was read there before: the log was truncated or "
                  "the topic was made anew; set input.on_gap to skip and restart to read the new log from its "
                  "beginning",
                  to_string(partition.tp), message.offset));
  partition.other_log = true;
  partition.gap_to_settle = context_.options.on_gap == OnGap::skip;
  context_.log(LogLevel::error, partition.reason);
  if (auto paused = context_.client.pause(std::array{partition.tp}); !paused) return forward(paused.error());
  return false;
}

Result<void> Intake::open() {
  if (batch_.is_open()) return {};
  auto membership = context_.client.membership();
  if (!membership) return forward(membership.error());
  if (auto begun = context_.client.begin(); !begun) return begun;
  const std::int64_t now = context_.options.clock == WindowClock::wall_clock_time
                               ? context_.clock.wall_ms()
                               : partitions_.slowest_stream_time_ms();
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  batch_.open(std::move(*membership), context_.clock.steady_ms() + context_.options.commit_interval.count(),
              now == never ? never : now - context_.options.ttl.count());
  context_.at(Step::begun);
  return {};
}

Result<void> Intake::advance(Partition& partition, std::int64_t offset) {
  if (auto opened = open(); !opened) return opened;
  batch_.range_of(partition);
  partition.state.next_offset = offset;
  return {};
}

void Intake::stage(std::uint32_t range, const MessageView& message, std::int64_t now_ms) {
  store::Entry entry;
  entry.digest = derived_.digest;
  entry.range = range;
  entry.offset = message.offset;
  entry.time_ms = now_ms;
  context_.store.stage(entry);
}

std::int64_t Intake::decision_time(const store::PartitionState& state) const {
  return context_.options.clock == WindowClock::wall_clock_time ? wall_ms_ : state.stream_time_ms;
}

void Intake::note_last_messages() {
  for (auto& [tp, partition] : partitions_) {
    if (partition.last_in_chunk == nullptr) continue;
    const MessageView& last = *partition.last_in_chunk;
    partition.state.last = {last.offset, last.timestamp_ms, message_checksum(last)};
    partition.last_in_chunk = nullptr;
  }
}

}  // namespace firstseen::dedup
