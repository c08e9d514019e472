#include "dedup/rebuild.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/time_text.h"
#include "base/units.h"
#include "dedup/stream_time.h"

namespace firstseen::dedup {

using kafka::Progress;

namespace {
constexpr std::size_t chunk_messages = 4096;
constexpr Millis longest_wait{1000};
}  // namespace

Rebuild::Rebuild(const Context& context, Partitions& partitions, std::vector<Task> tasks)
    : context_(context), partitions_(partitions) {
  for (Task& task : tasks) {
    Open open;
    open.range.tp = task.tp;
    open.range.start = task.from;
    open.task = std::move(task);
    tasks_.push_back(std::move(open));
  }
}

Result<void> Rebuild::begin() {
  begun_ = true;
  std::vector<Position> positions;
  for (const Open& open : tasks_) {
    positions.push_back({open.task.tp, open.task.from});
    Partition& partition = *partitions_.find(open.task.tp);
    partition.mode = PartitionMode::rebuilding;
    partition.state.next_offset = open.task.from;
  }
  return context_.consumer.assign(positions);
}

Rebuild::Open* Rebuild::task_of(const TopicPartition& tp) {
  const auto at = std::find_if(tasks_.begin(), tasks_.end(), [&](const Open& open) { return open.task.tp == tp; });
  return at == tasks_.end() ? nullptr : &*at;
}

void Rebuild::finish(Open& open, Partition& partition) {
  open.finished = true;
  partition.state.next_offset = open.task.until;
  ++since_record_;
}

void Rebuild::take(const MessageView& message) {
  Partition* partition = partitions_.of(message);
  Open* open = partition == nullptr ? nullptr : task_of(partition->tp);
  if (open == nullptr || open->finished || message.offset < partition->state.next_offset) return;
  if (message.offset >= open->task.until) {
    finish(*open, *partition);
    return;
  }
  const std::int64_t wall_ms = context_.clock.wall_ms();
  observe_timestamp(partition->state, message.timestamp_ms, wall_ms, context_.options.max_skew);
  partition->state.next_offset = message.offset + 1;
  partition->state.last = {message.offset, message.timestamp_ms, message_checksum(message)};
  ++since_record_;
  ++recorded_;
  if (partition->state.next_offset >= open->task.until) finish(*open, *partition);

  context_.deriver.derive(message, derived_);
  if (derived_.kind != key::Derived::Kind::key) return;
  // With the wall clock the moment of the decision is gone; the message's own time is the nearest to it that is known.
  const std::int64_t time_ms = context_.options.clock == WindowClock::wall_clock_time
                                   ? std::clamp<std::int64_t>(message.timestamp_ms, 0, wall_ms)
                                   : partition->state.stream_time_ms;
  if (outlived(time_ms, open->task)) return;
  // Every occurrence counts: which of them was published depends on history that is not read again, and an entry left
  // out could be the published one.
  store::Entry entry;
  entry.digest = derived_.digest;
  entry.range = static_cast<std::uint32_t>(open - tasks_.data());
  entry.offset = message.offset;
  entry.time_ms = time_ms;
  entry.window = derived_.rule;
  context_.store.stage(entry);
}

/// What is read reaches back as far as the longest window: of a shorter one most of it is over.
bool Rebuild::outlived(std::int64_t time_ms, const Task& task) const {
  if (context_.options.rule_ttls.empty()) return false;
  return time_ms < task.ends_ms - context_.options.ttl_of(derived_.rule).count();
}

Result<void> Rebuild::record() {
  std::vector<store::SourceRange> ranges;
  for (Open& open : tasks_) {
    open.range.after = partitions_.find(open.task.tp)->state;
    open.range.end = open.range.after.next_offset;
    ranges.push_back(open.range);
  }
  const auto prepared = context_.store.prepare(ranges, std::numeric_limits<std::int64_t>::min(), true);
  if (!prepared) return forward(prepared.error());
  since_record_ = 0;
  for (Open& open : tasks_) open.range.start = open.range.end;
  context_.at(Step::rebuilding);
  return {};
}

/// "No silent shortening": retention was faster than the window.
void Rebuild::tell_shortened(const Open& open) const {
  if (open.task.is_whole || open.is_told) return;
  const store::PartitionState& state = partitions_.find(open.task.tp)->state;
  const Millis ttl = context_.options.longest_ttl();
  const Millis covered{effective_window_ms(state, ttl.count(), -1)};
  if (covered >= ttl) return;
  const std::string from = state.covered_from_ms == nothing_covered
                               ? "the next message"
                               : "stream time " + format_time(state.covered_from_ms);
  context_.log(
      LogLevel::warning,
      fmt::format("{}: its history could not be read back as far as the window reaches: of {} are {} covered "
                  "now, from {} on; until the window is whole what repeats an older key is published. Keep the "
                  "input's messages (retention.ms) for longer than the window",
                  to_string(open.task.tp), format_duration(ttl), format_duration(covered), from));
}

Result<Progress> Rebuild::step(std::optional<kafka::Rebalance>& rebalance) {
  if (!begun_) {
    if (auto begun = begin(); !begun) return forward(begun.error());
  }
  const bool finished = std::all_of(tasks_.begin(), tasks_.end(), [](const Open& open) { return open.finished; });
  if (since_record_ >= context_.options.max_batch || (finished && since_record_ > 0)) {
    if (auto recorded = record(); !recorded) return forward(recorded.error());
  }
  if (finished) {
    for (const Open& open : tasks_) tell_shortened(open);
    return Progress::done;
  }

  auto taken = context_.consumer.take(chunk_messages, longest_wait);
  if (!taken) return forward(taken.error());
  for (const MessageView& message : taken->messages) take(message);
  for (const kafka::PartitionEvent& event : taken->events) {
    Open* open = task_of(event.tp);
    Partition* partition = partitions_.find(event.tp);
    if (open == nullptr || partition == nullptr || open->finished) continue;
    if (event.kind == kafka::PartitionEvent::Kind::end_of_log) {
      if (event.offset >= open->task.until) finish(*open, *partition);
      continue;
    }
    // Retention was faster, or the partition cannot be read: the window is covered only from here on, and says so.
    open->is_told = true;
    context_.log(LogLevel::warning,
                 fmt::format("{}: its history cannot be read again ({}): the window is covered only from offset {} on; "
                             "until it is whole what repeats an older key is published",
                             to_string(event.tp), event.detail, open->task.until));
    partition->state.covered_from_ms = nothing_covered;
    finish(*open, *partition);
  }
  if (taken->rebalance) {
    context_.store.drop_staged();
    rebalance = std::move(taken->rebalance);
  }
  return Progress::again;
}

}  // namespace firstseen::dedup
