#include "dedup/rebuild.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/time_text.h"
#include "base/units.h"
#include "dedup/leaders.h"
#include "dedup/stream_time.h"

namespace firstseen::dedup {

using kafka::Progress;

namespace {
constexpr std::size_t chunk_messages = 4096;
constexpr Millis longest_wait{1000};
}  // namespace

Rebuild::Rebuild(const Context& context, Partitions& partitions, Access& access, std::vector<Task> tasks)
    : context_(context), partitions_(partitions), access_(access) {
  for (Task& task : tasks) {
    Open open;
    open.range.tp = task.tp;
    open.range.start = task.from;
    open.task = std::move(task);
    tasks_.push_back(std::move(open));
  }
  for (const Open& open : tasks_) {
    Partition& partition = *partitions_.find(open.task.tp);
    partition.mode = PartitionMode::rebuilding;
    partition.state.next_offset = open.task.from;
    partition.verify.reset();  // of a message before these
  }
}

/// From where each of them is.
Result<void> Rebuild::fetch() {
  std::vector<Position> positions;
  for (const Open& open : tasks_) {
    const Partition& partition = *partitions_.find(open.task.tp);
    if (partition.mode == PartitionMode::rebuilding) positions.push_back({partition.tp, partition.fetch_from()});
  }
  if (auto assigned = context_.consumer.assign(positions); !assigned) return assigned;
  fetching_ = true;
  in_touch_ = false;
  return {};
}

Result<void> Rebuild::listen(Millis limit, std::optional<kafka::Rebalance>& rebalance) {
  if (!in_touch_) {
    if (auto answered = context_.consumer.assign({}); !answered) return answered;
    fetching_ = false;
    in_touch_ = true;
  }
  auto taken = context_.consumer.take(1, limit);
  if (!taken) return forward(taken.error());
  hand_over(*taken, rebalance);
  return {};
}

void Rebuild::hand_over(kafka::Taken& taken, std::optional<kafka::Rebalance>& rebalance) {
  if (!taken.rebalance) return;
  context_.store.drop_staged();
  rebalance = std::move(taken.rebalance);
}

Rebuild::Open* Rebuild::task_of(const TopicPartition& tp) {
  const auto at = std::find_if(tasks_.begin(), tasks_.end(), [&](const Open& open) { return open.task.tp == tp; });
  return at == tasks_.end() ? nullptr : &*at;
}

void Rebuild::finish(Open& open, Partition& partition) {
  open.finished = true;
  partition.state.next_offset = open.task.until;
  partition.verify.reset();
  partition.gap_to_settle = false;
  ++since_record_;
}

/// Nothing of it can be had any more.
void Rebuild::give_up(Open& open, Partition& partition, const std::string& why) {
  open.is_told = true;
  context_.log(LogLevel::warning,
               fmt::format("{}: its history cannot be read again ({}): the window is covered only from offset {} on; "
                           "until it is whole what repeats an older key is published",
                           to_string(partition.tp), why, open.task.until));
  partition.state.covered_from_ms = nothing_covered;
  finish(open, partition);
}

void Rebuild::take(const MessageView& message) {
  Partition* partition = partitions_.of(message);
  Open* open = partition == nullptr ? nullptr : task_of(partition->tp);
  if (open == nullptr || open->finished || !still_the_same_log(message, *open, *partition)) return;
  if (message.offset < partition->state.next_offset) return;
  if (message.offset >= open->task.until) {
    finish(*open, *partition);
    return;
  }
  const std::int64_t wall_ms = context_.clock.wall_ms();
  StreamTime& stream_time = partition->stream_time;
  if (stream_time.set_clocks(partition->state, wall_ms, context_.clock.steady_ms(), context_.options.max_skew) &&
      !open->is_told) {
    open->is_told = true;
    context_.log(LogLevel::warning, clock_was_behind(partition->tp));
  }
  stream_time.observe(partition->state, message.timestamp_ms);
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

/// After a refusal the log may be another one. Whoever consumes the partition meets that, too, and decides by on_gap.
bool Rebuild::still_the_same_log(const MessageView& message, Open& open, Partition& partition) {
  if (!partition.verify) return true;
  const store::LastMessage expected = *partition.verify;
  partition.verify.reset();
  if (message.offset != expected.offset) return true;  // compacted away or expired: nothing to compare
  if (message.timestamp_ms == expected.timestamp_ms && message_checksum(message) == expected.checksum) return true;
  give_up(open, partition,
          fmt::format("the message at offset {} is not the one that was read there before", message.offset));
  partition.verify = expected;
  return false;
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

void Rebuild::on_event(const kafka::PartitionEvent& event) {
  using Kind = kafka::PartitionEvent::Kind;
  Open* open = task_of(event.tp);
  Partition* partition = partitions_.find(event.tp);
  if (open == nullptr || partition == nullptr) return;
  if (event.kind == Kind::inaccessible) {
    access_.note_refusal(*partition, event.detail);
  } else if (open->finished) {
    return;
  } else if (event.kind == Kind::end_of_log && event.offset >= open->task.until) {
    finish(*open, *partition);
  } else if (event.kind == Kind::unreadable) {
    open->finished = true;
    open->is_told = true;
    partition->stop(
        StopCause::unreadable,
        fmt::format("{} is damaged at offset {}, in the history that must be read again: {}. Mend the log and restart, "
                    "or delete the records up to the damaged ones (kafka-delete-records.sh) and restart: the window is "
                    "then covered only from there on",
                    to_string(event.tp), event.offset, event.detail));
    context_.log(LogLevel::error, partition->reason);
  } else {
    const bool read_on = event.kind == Kind::end_of_log && !partition->verify;  // only markers lie between
    if (read_on) partition->state.next_offset = std::max(partition->state.next_offset, event.offset);
    partition->gap_to_settle = true;  // the position, or the end, is not in the log
  }
}

/// Looks where the log of a partition is now. Returns whether it did something; without an answer there are still
/// rebalances to be heard of.
Result<bool> Rebuild::settle_gap() {
  for (Open& open : tasks_) {
    Partition& partition = *partitions_.find(open.task.tp);
    if (open.finished || !partition.gap_to_settle) continue;
    const auto log = watermarks_around(context_.consumer, open.task.tp, open.task.until);
    if (!log) return forward(log.error());
    if (!*log) return false;
    partition.gap_to_settle = false;
    if (auto gone_on = go_on_after_gap(open, partition, **log); !gone_on) return forward(gone_on.error());
    return true;
  }
  return false;
}

Result<void> Rebuild::go_on_after_gap(Open& open, Partition& partition, const kafka::Watermarks& log) {
  if (log.end() < open.task.until) {
    give_up(open, partition,
            fmt::format("the log ends at offset {}, and the group has consumed up to {}", log.end(), open.task.until));
    return {};
  }
  partition.verify_again(log.low);
  if (log.low > partition.state.next_offset) {
    const std::int64_t gone = std::min(log.low, open.task.until);
    context_.log(
        LogLevel::warning,
        fmt::format("{}: offsets {} to {} of its history were removed (retention or DeleteRecords) before they "
                    "were read again; the window is covered only from there on",
                    to_string(partition.tp), partition.state.next_offset, gone));
    open.is_told = true;
    partition.state.covered_from_ms = nothing_covered;
    partition.state.next_offset = gone;
    partition.verify.reset();
    if (gone == open.task.until) {
      finish(open, partition);
      return {};
    }
  }
  // What is left was written by open transactions: the group's offset is a person's, and nothing of it was published.
  if (partition.state.next_offset >= log.high) {
    finish(open, partition);
    return {};
  }
  return context_.consumer.rewind(std::vector{Position{partition.tp, partition.fetch_from()}});
}

Result<Progress> Rebuild::step(std::optional<kafka::Rebalance>& rebalance) {
  const bool finished = std::all_of(tasks_.begin(), tasks_.end(), [](const Open& open) { return open.finished; });
  if (since_record_ >= context_.options.max_batch || (finished && since_record_ > 0)) {
    if (auto recorded = record(); !recorded) return forward(recorded.error());
  }
  if (finished) {
    for (const Open& open : tasks_) tell_shortened(open);
    return Progress::done;
  }
  if (!fetching_) {
    if (auto fetched = fetch(); !fetched) return forward(fetched.error());
  }
  const auto retried = access_.retry(PartitionMode::rebuilding);
  if (!retried) return forward(retried.error());
  const auto settled = settle_gap();
  if (!settled) return forward(settled.error());
  if (*retried || *settled) return Progress::again;

  auto taken = context_.consumer.take(chunk_messages, longest_wait);
  if (!taken) return forward(taken.error());
  access_.note(*taken);
  for (const MessageView& message : taken->messages) take(message);
  for (const kafka::PartitionEvent& event : taken->events) on_event(event);
  hand_over(*taken, rebalance);
  return Progress::again;
}

}  // namespace firstseen::dedup
