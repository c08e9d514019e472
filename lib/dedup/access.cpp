#include "dedup/access.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "dedup/back_off.h"

namespace firstseen::dedup {

void Access::note_refusal(Partition& partition, const std::string& why) {
  partition.refusal = fmt::format("{} cannot be read: {}; trying again", to_string(partition.tp), why);
  const bool is_new = refusals_.insert_or_assign(partition.tp, partition.refusal).second;
  if (is_new) context_.log(LogLevel::error, partition.refusal);
  partition.forget_end();
  begin_retries();
}

void Access::recall(Partition& partition) {
  const auto said = refusals_.find(partition.tp);
  if (said == refusals_.end()) return;
  partition.refusal = said->second;
  begin_retries();
}

void Access::begin_retries() {
  if (retry_at_ms_ >= 0) return;
  retries_ = 0;
  retry_at_ms_ = context_.clock.steady_ms() + back_off_ms(0);
}

void Access::note(const kafka::Taken& taken) {
  if (retry_at_ms_ < 0) return;
  const auto accessible = [this](Partition* partition) {
    if (partition == nullptr || partition->refusal.empty()) return;
    partition->refusal.clear();
    refusals_.erase(partition->tp);
    context_.log(LogLevel::info, fmt::format("{} is read again, from offset {}", to_string(partition->tp),
                                             partition->state.next_offset));
  };
  for (const MessageView& message : taken.messages) accessible(partitions_.of(message));
  for (const kafka::PartitionEvent& event : taken.events) {
    if (event.kind == kafka::PartitionEvent::Kind::end_of_log) accessible(partitions_.find(event.tp));
  }
}

bool Access::retry_is_due() const { return retry_at_ms_ >= 0 && context_.clock.steady_ms() >= retry_at_ms_; }

/// librdkafka goes on to fetch a refused partition; but what it believes of an unknown topic it would look up again
/// only after minutes. A topic that was unknown may have been made anew since.
Result<bool> Access::retry(PartitionMode fetched) {
  if (!retry_is_due()) return false;
  std::vector<Position> positions;
  std::set<std::string> topics;
  for (auto& [tp, partition] : partitions_) {
    if (partition.refusal.empty()) continue;
    topics.insert(tp.topic);
    if (partition.mode != fetched) continue;
    partition.verify_again(0);
    positions.push_back({tp, partition.fetch_from()});
  }
  retry_at_ms_ = -1;
  if (topics.empty()) return false;
  for (const std::string& topic : topics) {
    const auto answered = context_.consumer.partition_count(topic);  // refused or not: the client has looked
    if (answered && !*answered) break;
  }
  retry_at_ms_ = context_.clock.steady_ms() + back_off_ms(++retries_);
  if (auto rewound = context_.consumer.rewind(positions); !rewound) return forward(rewound.error());
  return true;
}

}  // namespace firstseen::dedup
