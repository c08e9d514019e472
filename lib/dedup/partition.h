#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/message.h"
#include "dedup/status.h"
#include "dedup/stream_time.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// covered_from_ms of a partition of whose history nothing is known; the next message's stream time replaces it.
inline constexpr std::int64_t nothing_covered = std::numeric_limits<std::int64_t>::max();

/// Why a partition does not go on.
enum class StopCause {
  none,
  rejected,    ///< rejects.route stop; `firstseen skip` goes on
  gap,         ///< the position lies outside the log, or the log is another one
  history,     ///< on_missing_history: stop
  output,      ///< the output topic is missing or has too few partitions; looked for again and again
  no_leader,   ///< it has no leader, or one that does not answer: where it starts is not known; asked again and again
  unreadable,  ///< its data are damaged
};

/// The partition waits for something that the slot looks for by itself: then it is planned as a newly assigned one.
constexpr bool begins_by_itself(StopCause cause) { return cause == StopCause::output || cause == StopCause::no_leader; }

/// One assigned partition as the slot sees it. `state` runs ahead of the store by the unfinished batches and falls back
/// to their start when they are aborted.
struct Partition {
  TopicPartition tp;
  store::PartitionState state;
  PartitionMode mode = PartitionMode::running;
  StopCause cause = StopCause::none;
  std::string reason;
  /// Why the broker lets nobody read it now; empty: it does. It goes on to be fetched, and runs, or its history is read
  /// on, as soon as something arrives; until then it is shown as stopped.
  std::string refusal;
  std::string silence;             ///< with gap_to_settle: why nobody could be asked yet; empty: it was not tried
  StreamTime stream_time;          ///< advances state.stream_time_ms
  store::PartitionState settled;   ///< as of the last settled batch
  std::int64_t left_end_ms = -1;   ///< wall clock; what is not settled has come since then; -1: not known
  std::int64_t end_to_reach = -1;  ///< an end of its log that is not settled yet: then left_end_ms becomes...
  std::int64_t end_seen_ms = -1;   ///< ...this, when it was the end
  std::int64_t known_end = -1;     ///< the end of its log as a fetch or its leader has told it; -1: not known
  std::int64_t stopped_at = -1;    ///< with StopCause::rejected: the offset of the rejected message
  bool at_end = false;             ///< has reached the end of its log, and nothing of it is to be read again
  std::int64_t at_end_at_ms = -1;  ///< the slot's stream time when it was asked for its end, and was there; -1: never
  std::int64_t end_asked_ms = -1;  ///< likewise, and the answer is still to come; -1: not asked
  std::int64_t end_asked_steady_ms = 0;  ///< when that was
  bool end_is_doubtful = false;          ///< with end_asked_ms: no answer for long
  bool gap_to_settle = false;            ///< the position is of no use; where to go on has to be asked for and decided
  bool other_log = false;     ///< the log is not the one that the store has recorded; until a batch has left it behind
  bool without_log = false;   ///< at its start the log had nothing before it that could have been read again
  bool commit_start = false;  ///< the group has no usable offset: commit next_offset before the first message
  std::optional<store::LastMessage> verify;    ///< read and compare this message before going on at next_offset
  std::int32_t range = -1;                     ///< index of its range in the batch in hand; -1: not in it
  const MessageView* last_in_chunk = nullptr;  ///< the last message taken of it; null but while Intake works on a chunk

  [[nodiscard]] bool running() const { return mode == PartitionMode::running; }
  /// The client brings its messages, so that its fetches tell how long its log is.
  [[nodiscard]] bool is_fetched() const {
    return mode != PartitionMode::stopped && refusal.empty() && silence.empty() && !gap_to_settle;
  }
  /// It is shown as stopped, and goes on by itself once it can.
  [[nodiscard]] bool waits() const {
    return mode == PartitionMode::stopped ? begins_by_itself(cause) : shown_mode() == PartitionMode::stopped;
  }
  [[nodiscard]] PartitionMode shown_mode() const {
    return refusal.empty() && silence.empty() ? mode : PartitionMode::stopped;
  }
  [[nodiscard]] const std::string& shown_reason() const {
    if (!silence.empty()) return silence;
    return mode == PartitionMode::stopped ? reason : refusal;
  }
  /// Offsets still to be settled, as far as known; -1: not known. What is taken counts until its batch has settled.
  [[nodiscard]] std::int64_t lag() const {
    if (at_end && end_is_doubtful) return -1;
    if (!at_end && known_end < 0) return -1;
    if (mode == PartitionMode::stopped && known_end < settled.next_offset) return -1;  // it is another log's end
    const std::int64_t end = at_end ? state.next_offset : std::max(known_end, state.next_offset);
    return std::max<std::int64_t>(0, end - settled.next_offset);
  }
  /// How far it is behind: while messages wait, the age of the last settled one, or how long they can have been there
  /// where that is shorter (nothing may have come for long before, or timestamps may be old). 0 when all is settled;
  /// -1: not known.
  [[nodiscard]] std::int64_t lag_ms(std::int64_t now_ms) const {
    const std::int64_t waiting = lag();
    if (waiting == 0) return 0;
    const std::int64_t since_ms = std::max(settled.last.timestamp_ms, left_end_ms);
    return waiting < 0 || since_ms < 0 ? -1 : std::max<std::int64_t>(0, now_ms - since_ms);
  }
  /// What the client tells counts for the time when it was asked: how long it has been true since, nobody knows.
  void reach_end() {
    at_end = true;
    at_end_at_ms = std::max(at_end_at_ms, end_asked_ms);
    end_asked_ms = -1;
    end_is_doubtful = false;
  }
  /// The client is asked to tell its end anew; `slot_time_ms`: the slot's stream time.
  void ask_end(std::int64_t slot_time_ms, std::int64_t steady_ms) {
    end_asked_ms = slot_time_ms;
    end_asked_steady_ms = steady_ms;
  }
  /// Whatever it still brings is no older: the sweep goes by this.
  [[nodiscard]] std::int64_t sweep_time_ms() const {
    return at_end ? std::max(state.stream_time_ms, at_end_at_ms) : state.stream_time_ms;
  }
  /// Something has come behind the end, and is about to be taken.
  void leave_end(std::int64_t now_ms) {
    at_end = false;
    end_is_doubtful = false;
    if (settled.next_offset == state.next_offset) left_end_ms = now_ms;
  }
  /// Its log ends there now.
  void see_end(std::int64_t end, std::int64_t now_ms) {
    known_end = end;
    if (end_to_reach >= 0 || end < 0) return;
    end_to_reach = end;
    end_seen_ms = now_ms;
  }
  /// A batch that brought it there has settled.
  void settle(const store::PartitionState& after) {
    settled = after;
    if (end_to_reach < 0 || settled.next_offset < end_to_reach) return;
    left_end_ms = std::max(left_end_ms, end_seen_ms);
    end_to_reach = -1;
  }
  /// Nobody knows whether its log grows until it is fetched again, or its leader asked.
  void forget_end() {
    at_end = false;
    known_end = -1;
  }
  /// Where fetching starts.
  [[nodiscard]] std::int64_t fetch_from() const { return verify ? verify->offset : state.next_offset; }
  /// The log may be another one than was read so far: the last message that was read is compared before going on, if a
  /// log that begins at `log_start` can still have it. Only while no batch is unfinished.
  void verify_again(std::int64_t log_start) {
    verify.reset();
    if (state.last.offset >= log_start && state.last.offset < state.next_offset) verify = state.last;
  }
  void stop(StopCause why, std::string text) {
    mode = PartitionMode::stopped;
    at_end = false;  // what it has stopped at is still to be read
    cause = why;
    reason = std::move(text);
  }
  void run_again() {
    mode = PartitionMode::running;
    cause = StopCause::none;
    reason.clear();
  }
};

/// Bytes of key and value.
inline std::uint64_t size_of(const MessageView& message) {
  return (message.key ? message.key->size() : 0) + (message.value ? message.value->size() : 0);
}

/// XXH3-64 of key and value (null and empty differ): recognises the last message of a log.
std::uint64_t message_checksum(const MessageView& message);

/// The window that this partition really covers, in milliseconds, at most `ttl_ms`.
/// `lost_before_ms`: entries up to this time went early (max_size); negative: none did.
std::int64_t effective_window_ms(const store::PartitionState& state, std::int64_t ttl_ms, std::int64_t lost_before_ms);

}  // namespace firstseen::dedup
