// What the session makes of batches that do not settle: its state and the reason for it.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/time_text.h"
#include "dedup/session.h"

namespace firstseen::dedup {

/// After every step: somebody may look at the session before the next one.
void Session::look_for_standstill() {
  if (waits_for_brokers()) {
    standstill_.wait();
    if (standstill_.wants_words()) standstill_.say(words_for_wait());
    return;
  }
  standstill_.go_on();
  if (standstill_.holds() && nothing_is_left()) {
    standstill_.end();
    failures_in_a_row_ = 0;
    detail_.clear();
  }
}

/// An unfinished batch gets on only when the brokers answer.
bool Session::waits_for_brokers() const {
  if (phase_ == Phase::falling) return false;  // the store is written to
  return in_flight_.is_open() || phase_ == Phase::aborting || (batch_.is_open() && !stage_.has_room());
}

/// Everything that can be read is read and settled: what failed was met again, and stopped its partition for good.
bool Session::nothing_is_left() const {
  if (phase_ != Phase::taking || !assigned_ || to_assign_ || backing_off() || batch_.is_open()) return false;
  return std::all_of(partitions_.begin(), partitions_.end(), [](const auto& one) {
    const Partition& partition = one.second;
    return partition.shown_mode() != PartitionMode::running || (partition.at_end && partition.lag() == 0);
  });
}

/// What a try has failed for says more than what its repetition waits for.
std::string Session::words_for_wait() const {
  const std::string why = detail_.empty() ? stage_.why_again() : detail_;
  const std::string batch = in_flight_.is_open() ? fmt::format("batch {}", in_flight_id_) : "a batch";
  return fmt::format("{} waits for the brokers since {}{}{}", batch, format_time(standstill_.since_wall_ms()),
                     why.empty() ? "" : ": ", why);
}

}  // namespace firstseen::dedup
