// Partitions whose position is of no use: where to go on is asked of their leaders, and decided.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dedup/back_off.h"
#include "dedup/session.h"

namespace firstseen::dedup {

bool Session::gap_is_due() const {
  return assigned_ && context_.clock.steady_ms() >= retry_gap_at_ms_ &&
         std::any_of(partitions_.begin(), partitions_.end(), [](const auto& one) { return one.second.gap_to_settle; });
}

/// Decides one of them. A leader that does not answer is asked again after growing pauses, in which the other
/// partitions go on; one silent leader at most is waited for. Returns whether one was decided.
Result<bool> Session::settle_gap() {
  if (!gap_is_due()) return false;
  std::vector<Partition*> gaps;
  for (auto& [tp, partition] : partitions_) {
    if (partition.gap_to_settle) gaps.push_back(&partition);
  }
  // Each time another one first, so that none stands behind a leader that stays silent.
  const auto turn = static_cast<std::size_t>(gap_retries_) % gaps.size();
  std::rotate(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(turn), gaps.end());
  for (Partition* partition : gaps) {
    const auto log = leaders_.watermarks(partition->tp, partition->state.next_offset);
    if (!log) return forward(log.error());
    if (*log) {
      partition->silence.clear();
      gap_retries_ = 0;
      if (auto gone_on = go_on_after_gap(*partition, **log); !gone_on) return forward(gone_on.error());
      return true;
    }
    wait_for_leader_of(*partition);
    if (!leaders_.has_none(partition->tp)) break;  // a second was spent on it
  }
  retry_gap_at_ms_ = context_.clock.steady_ms() + back_off_ms(gap_retries_++);
  return false;
}

/// Shown as stopped until it answers.
void Session::wait_for_leader_of(Partition& partition) {
  std::string why = leaders_.why_not(partition.tp);
  if (partition.silence.empty()) context_.log(LogLevel::warning, why);
  partition.silence = std::move(why);
  partition.forget_end();
}

Result<void> Session::go_on_after_gap(Partition& partition, const kafka::Watermarks& log) {
  partition.gap_to_settle = false;
  const std::int64_t position = partition.state.next_offset;
  if (!partition.other_log && log.has(position)) {
    // The message to compare with has gone; or the log was shorter than the position a moment ago.
    partition.verify_again(log.low);
    return context_.consumer.rewind(std::vector{Position{partition.tp, partition.fetch_from()}});
  }
  const std::string text = partition.other_log ? partition.reason : outside_the_log(partition.tp, position, log);
  if (context_.options.on_gap == OnGap::stop) {
    partition.stop(StopCause::gap, text);
    context_.log(LogLevel::error, text);
    return context_.consumer.pause(std::vector{partition.tp});
  }
  context_.log(LogLevel::warning, text + "; input.on_gap is skip: going on at offset " + std::to_string(log.low));
  if (auto advanced = intake_.advance(partition, log.low); !advanced) return advanced;
  partition.verify.reset();
  partition.state.last = {};
  return go_on(partition);
}

}  // namespace firstseen::dedup
