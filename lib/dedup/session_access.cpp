// Partitions that the broker lets nobody read for a while.
#include <fmt/format.h>

#include <set>
#include <utility>
#include <vector>

#include "dedup/session.h"

namespace firstseen::dedup {

void Session::refused(Partition& partition, const std::string& why) {
  const bool known = !std::exchange(partition.refusal,
                                    fmt::format("{} cannot be read: {}; trying again", to_string(partition.tp), why))
                          .empty();
  if (!known) context_.log(LogLevel::error, partition.refusal);
  if (retry_access_at_ms_ >= 0) return;
  access_retries_ = 0;
  retry_access_at_ms_ = context_.clock.steady_ms() + back_off_ms(0);
}

/// Whatever arrives from a refused partition shows that it is read again.
void Session::note_access(const kafka::Taken& taken) {
  const auto accessible = [this](Partition* partition) {
    if (partition == nullptr || partition->refusal.empty()) return;
    partition->refusal.clear();
    context_.log(LogLevel::info, fmt::format("{} is read again, from offset {}", to_string(partition->tp),
                                             partition->state.next_offset));
  };
  for (const MessageView& message : taken.messages) accessible(partitions_.of(message));
  for (const kafka::PartitionEvent& event : taken.events) {
    if (event.kind == kafka::PartitionEvent::Kind::end_of_log) accessible(partitions_.find(event.tp));
  }
}

bool Session::access_retry_is_due() const {
  return retry_access_at_ms_ >= 0 && context_.clock.steady_ms() >= retry_access_at_ms_;
}

/// librdkafka goes on to fetch a refused partition; but what it believes of an unknown topic it would look up again
/// only after minutes. A topic that was unknown may have been made anew since. Returns whether it did something.
Result<bool> Session::retry_access() {
  if (!access_retry_is_due()) return false;
  std::vector<Position> positions;
  std::set<std::string> topics;
  for (auto& [tp, partition] : partitions_) {
    if (partition.refusal.empty()) continue;
    topics.insert(tp.topic);
    if (!partition.running()) continue;
    partition.verify_again(0);
    positions.push_back({tp, partition.fetch_from()});
  }
  retry_access_at_ms_ = -1;
  if (topics.empty()) return false;
  for (const std::string& topic : topics) {
    const auto answered = context_.consumer.partition_count(topic);  // refused or not: the client has looked
    if (answered && !*answered) break;
  }
  if (auto rewound = context_.consumer.rewind(positions); !rewound) return forward(rewound.error());
  retry_access_at_ms_ = context_.clock.steady_ms() + back_off_ms(++access_retries_);
  return true;
}

}  // namespace firstseen::dedup
