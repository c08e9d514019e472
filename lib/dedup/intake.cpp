#include "dedup/intake.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "dedup/stream_time.h"

namespace firstseen::dedup {

namespace {
/// A clock that is set meets all partitions at once; one line is enough for all of them.
constexpr std::int64_t behind_interval_ms = 60'000;
/// A stream time may stay ahead of the clock for long.
constexpr std::int64_t ahead_interval_ms = 3'600'000;
}  // namespace

Intake::Intake(const Context& context, Partitions& partitions, Batch& batch, const Suspects& suspects,
               const std::set<Position>& skipped)
    : context_(context),
      partitions_(partitions),
      batch_(batch),
      suspects_(suspects),
      skipped_(skipped),
      routes_(context.options) {}

Result<std::size_t> Intake::take(std::span<const MessageView> messages, Publications& out) {
  admitted_.clear();
  entries_.clear();
  rejections_.clear();
  if (messages.empty()) return 0;
  wall_ms_ = context_.clock.wall_ms();
  steady_ms_ = context_.clock.steady_ms();
  const std::uint64_t bytes_before = batch_.bytes();
  auto taken = admit_all(messages);
  if (!taken) return taken;
  out.bytes = batch_.bytes() - bytes_before;
  batch_.counts().consumed_bytes += out.bytes;
  const Timing timing(context_.clock, batch_.times()[BatchStep::decide]);
  decide_all();
  carry_out(messages, out);
  return taken;
}

Result<std::size_t> Intake::admit_all(std::span<const MessageView> messages) {
  const Timing timing(context_.clock, batch_.times()[BatchStep::derive]);
  std::uint32_t taken = 0;
  Result<Fate> fate = Fate::dealt_with;
  while (taken < messages.size()) {
    fate = admit(messages[taken], taken);
    if (!fate || *fate == Fate::cut) break;
    ++taken;
  }
  note_last_messages();
  if (!fate) return forward(fate.error());
  return taken;
}

/// Until the batch is open nothing but a partition's stop is changed, so that an error before it needs no abort.
Result<Intake::Fate> Intake::admit(const MessageView& message, std::uint32_t index) {
  Partition* partition = partitions_.of(message);
  if (partition == nullptr || !partition->running()) return Fate::dealt_with;
  if (partition->verify) {
    const auto same = still_the_same_log(message, *partition);
    if (!same) return forward(same.error());
    if (!*same) return Fate::dealt_with;
  }
  if (message.offset < partition->state.next_offset) return Fate::dealt_with;

  bool suspect = false;
  if (!suspects_.empty()) {
    const Position position{partition->tp, message.offset};
    if (!suspects_.fits(position, batch_.messages(), batch_.suspects())) return Fate::cut;
    suspect = suspects_.is_suspect(position);
  }
  Admitted admitted;
  admitted.message = index;
  if (judge(message, admitted)) {
    if (auto stopped = stop_at(message, *partition); !stopped) return forward(stopped.error());
    return Fate::dealt_with;
  }
  if (auto opened = open(); !opened) return forward(opened.error());

  const std::uint32_t range = batch_.range_of(*partition);
  batch_.count_message(size_of(message), message.timestamp_ms);
  ++batch_.counts().consumed;
  if (suspect) batch_.count_suspect();
  if (partition->last_in_chunk == nullptr) meet_in_chunk(*partition);
  if (partition->stream_time.observe(partition->state, message.timestamp_ms)) ++batch_.counts().clipped_timestamps;
  if (partition->at_end) partition->leave_end(wall_ms_);
  partition->state.next_offset = message.offset + 1;
  partition->last_in_chunk = &message;
  if (admitted.derived == key::Derived::Kind::key) {
    entries_.push_back({derived_.digest, range, message.offset, decision_time(partition->state), store::EntryKind::seen,
                        derived_.rule});
  }
  admitted_.push_back(admitted);
  return Fate::dealt_with;
}

bool Intake::judge(const MessageView& message, Admitted& admitted) {
  const RejectRoute route = context_.options.rejects;
  const auto reject = [&] {
    admitted.derived = key::Derived::Kind::reject;
    admitted.rejection = static_cast<std::uint32_t>(rejections_.size());
    rejections_.push_back(derived_.rejection);
  };
  if (!suspects_.empty() || !skipped_.empty()) {
    const Position position{{std::string(message.topic), message.partition}, message.offset};
    if (skipped_.contains(position)) {
      derived_.rejection = {"skipped", "a person asked to go on behind this message"};
      admitted.dropped = true;
      reject();
      return false;
    }
    if (const Suspects::Condemned* condemned = suspects_.condemned(position)) {
      derived_.rejection = {"undeliverable", condemned->reason};
      reject();
      return route == RejectRoute::stop || route == RejectRoute::pass ||
             (route == RejectRoute::topic && condemned->failures > 1);
    }
  }
  context_.deriver.derive(message, derived_);
  admitted.derived = derived_.kind;
  if (derived_.kind != key::Derived::Kind::reject) return false;
  reject();
  return route == RejectRoute::stop;
}

Result<void> Intake::stop_at(const MessageView& message, Partition& partition) {
  const auto& [topic, number] = partition.tp;
  const std::string operands =  // a topic's name may look like an option
      fmt::format("{}{} {} {}", topic.starts_with('-') ? "-- " : "", shell_word(topic), number, message.offset);
  partition.stop(
      StopCause::rejected,
      fmt::format("{} offset {} is rejected: {} ({}); rejects.route is {}. Mend the producer or the key, or go on "
                  "with: {}",
                  to_string(partition.tp), message.offset, derived_.rejection.reason, derived_.rejection.detail,
                  context_.options.rejects == RejectRoute::stop ? "stop" : "of no help for this message",
                  context_.options.advice.by_store("skip", operands)));
  // The position of the message itself, so that skip can tell that it is meant; offsets between were only markers.
  partition.stopped_at = message.offset;
  context_.log(LogLevel::error, partition.reason);
  return context_.consumer.pause(std::array{partition.tp});
}

/// Compares the message that the store recorded last with what stands in the log now. Returns whether the message is to
/// be processed.
Result<bool> Intake::still_the_same_log(const MessageView& message, Partition& partition) {
  const store::LastMessage expected = *partition.verify;
  partition.verify.reset();
  if (message.offset != expected.offset) return true;  // compacted away or expired: nothing to compare
  if (message.timestamp_ms == expected.timestamp_ms && message_checksum(message) == expected.checksum) return false;
  const auto met = meet_other_log(
      partition, fmt::format("the message at offset {} is not the one that was read there before", message.offset));
  if (!met) return forward(met.error());
  return false;
}

Result<void> Intake::meet_other_log(Partition& partition, const std::string& sign) {
  partition.verify.reset();
  partition.stop(StopCause::gap, fmt::format("{}: {}: the log was truncated or the topic was made anew; set "
                                             "input.on_gap to skip and restart to read the new log from its beginning",
                                             to_string(partition.tp), sign));
  partition.other_log = true;
  partition.gap_to_settle = context_.options.on_gap == OnGap::skip;
  context_.log(LogLevel::error, partition.reason);
  return context_.consumer.pause(std::array{partition.tp});
}

Result<void> Intake::open() {
  if (batch_.is_open()) return {};
  auto membership = context_.consumer.membership();
  if (!membership) return forward(membership.error());
  note_removed();
  const std::int64_t now = context_.options.clock == WindowClock::wall_clock_time
                               ? context_.clock.wall_ms()
                               : partitions_.slowest_stream_time_ms();
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  batch_.open(std::move(*membership), context_.clock.steady_ms() + context_.options.commit_interval.count(),
              now == never ? never : now - context_.options.longest_ttl().count());
  return {};
}

void Intake::note_removed() {
  constexpr std::int64_t nothing_removed = std::numeric_limits<std::int64_t>::min();
  context_.store.removed_before(late_before_ms_);
  for (std::size_t rule = 0; rule < late_before_ms_.size(); ++rule) {
    std::int64_t& time_ms = late_before_ms_[rule];
    const Millis ttl = context_.options.ttl_of(static_cast<std::uint8_t>(rule));
    time_ms = time_ms < 0 ? nothing_removed : time_ms + ttl.count();
  }
}

Result<void> Intake::advance(Partition& partition, std::int64_t offset) {
  if (auto opened = open(); !opened) return opened;
  batch_.range_of(partition);
  partition.state.next_offset = offset;
  return {};
}

std::int64_t Intake::decision_time(const store::PartitionState& state) const {
  return context_.options.clock == WindowClock::wall_clock_time ? wall_ms_ : state.stream_time_ms;
}

/// Its first message in the chunk in hand.
void Intake::meet_in_chunk(Partition& partition) {
  touched_.push_back(&partition);
  const Millis max_skew = context_.options.max_skew;
  tell_wrong_clock(partition, partition.stream_time.set_clocks(partition.state, wall_ms_, steady_ms_, max_skew));
}

void Intake::tell_wrong_clock(const Partition& partition, bool was_behind) {
  const auto is_due = [&](std::optional<std::int64_t>& told_at_ms, std::int64_t interval_ms) {
    if (told_at_ms && steady_ms_ - *told_at_ms < interval_ms) return false;
    told_at_ms = steady_ms_;
    return true;
  };
  if (was_behind && is_due(told_behind_at_ms_, behind_interval_ms)) {
    context_.log(LogLevel::warning, clock_was_behind(partition.tp));
  }
  if (context_.options.clock == WindowClock::wall_clock_time) return;  // no age is measured by the stream time
  if (!is_ahead_of_clock(partition.state, wall_ms_, context_.options.max_skew)) return;
  if (!is_due(told_ahead_at_ms_, ahead_interval_ms)) return;
  context_.log(LogLevel::warning, ahead_of_clock(partition.tp, partition.state.stream_time_ms, wall_ms_));
}

void Intake::note_last_messages() {
  for (Partition* partition : touched_) {
    const MessageView& last = *partition->last_in_chunk;
    partition->state.last = {last.offset, last.timestamp_ms, message_checksum(last)};
    partition->last_in_chunk = nullptr;
  }
  touched_.clear();
}

}  // namespace firstseen::dedup
