// A person lets the slot take nothing for a while, and go on.
#include <vector>

#include "dedup/session.h"

namespace firstseen::dedup {

/// Only while no batch is unfinished: what was in flight when somebody asked is decided. The partitions stay assigned,
/// and polling keeps the membership; whatever is assigned later is paused, too.
Result<void> Session::follow_hold() {
  if (!hold_is_due()) return {};
  const bool hold = !held_;
  if (assigned_) {
    if (auto done = hold ? context_.consumer.pause(partitions_.running()) : end_hold(); !done) return done;
  }
  held_ = hold;
  for (auto& [tp, partition] : partitions_) {
    if (!hold) break;
    partition.forget_end();
  }
  context_.log(LogLevel::info, hold ? "paused: no batch is unfinished" : "going on after the pause");
  return {};
}

/// From where each partition is, so that the client tells anew what it told while nobody listened. Those that are
/// stopped stay so, and a back-off is waited for.
Result<void> Session::end_hold() {
  std::vector<Position> positions;
  for (const auto& [tp, partition] : partitions_) {
    if (partition.running()) positions.push_back({tp, partition.fetch_from()});
  }
  if (auto rewound = context_.consumer.rewind(positions); !rewound) return rewound;
  return backing_off() ? Result<void>{} : context_.consumer.resume(partitions_.running());
}

Result<void> Session::let_fetch(const std::vector<TopicPartition>& partitions) {
  if (held_ || backing_off()) return {};
  return context_.consumer.resume(partitions);
}

}  // namespace firstseen::dedup
