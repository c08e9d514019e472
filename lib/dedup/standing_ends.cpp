#include "dedup/standing_ends.h"

#include <algorithm>
#include <optional>

namespace firstseen::dedup {
namespace {

constexpr std::int64_t interval_ms = 1000;
/// Each question without an answer doubles the pause before the next about the same partition, so often at most.
constexpr int most_doublings = 5;
/// After a question nobody is asked for so many times as long as the answer took.
constexpr std::int64_t rest_per_question = 19;

/// Of one that waits for its leader nobody can tell, and when the leader answers it begins.
bool to_be_asked(const Partition& partition) {
  return !partition.is_fetched() && !partition.gap_to_settle && partition.cause != StopCause::no_leader;
}

}  // namespace

Partition* StandingEnds::next(std::int64_t now_ms) {
  std::erase_if(asked_, [&](const auto& one) {
    const Partition* partition = partitions_.find(one.first);
    return partition == nullptr || !to_be_asked(*partition);
  });
  Partition* found = nullptr;
  Asked of_found;
  for (auto& [tp, partition] : partitions_) {
    if (!to_be_asked(partition)) continue;
    const Asked& asked = asked_[tp];
    if (asked.again_ms > now_ms || (found != nullptr && asked.at_ms >= of_found.at_ms)) continue;
    found = &partition;
    of_found = asked;
  }
  return found;
}

Result<void> StandingEnds::ask() {
  const std::int64_t now_ms = context_.clock.steady_ms();
  if (now_ms < ask_at_ms_) return {};
  ask_at_ms_ = now_ms + interval_ms;
  Partition* partition = next(now_ms);
  if (partition == nullptr) return {};
  const auto log = leaders_.watermarks(partition->tp);
  if (!log && log.error().action == Action::restart) return forward(log.error());
  const std::optional<kafka::Watermarks> answer = log ? *log : std::nullopt;
  partition->known_end = answer ? answer->high : -1;

  const std::int64_t answered_ms = context_.clock.steady_ms();
  Asked& asked = asked_[partition->tp];
  asked.at_ms = answered_ms;
  asked.unanswered = answer ? 0 : std::min(asked.unanswered + 1, most_doublings);
  asked.again_ms = answered_ms + (interval_ms << static_cast<unsigned>(asked.unanswered));
  ask_at_ms_ = answered_ms + std::max(interval_ms, rest_per_question * (answered_ms - now_ms));
  return {};
}

}  // namespace firstseen::dedup
