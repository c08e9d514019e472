#include "dedup/suspects.h"

#include <algorithm>
#include <vector>

namespace firstseen::dedup {

void Suspects::condemn(const kafka::DeliveryFailure& failure) {
  suspects_.erase(failure.position);
  const auto [at, fresh] = condemned_.try_emplace(failure.position, Condemned{failure.reason, 1});
  if (!fresh) ++at->second.failures;
}

bool Suspects::learn(std::span<const kafka::DeliveryFailure> failures) {
  std::vector<const kafka::DeliveryFailure*> shared;
  bool learned = false;
  for (const kafka::DeliveryFailure& failure : failures) {
    if (!failure.permanent) continue;
    learned = true;
    if (failure.alone) {
      condemn(failure);
    } else {
      shared.push_back(&failure);
    }
  }
  if (shared.size() == 1) {
    condemn(*shared.front());
    shared.clear();
  }
  if (shared.empty()) return learned;
  // Only those that failed now stay suspects: who failed before but not now was struck by a fault that is among these,
  // or will fail again by its own.
  std::set<Position> now;
  for (const kafka::DeliveryFailure* failure : shared) now.insert(failure->position);
  suspects_ = std::move(now);
  return true;
}

bool Suspects::fits(const Position& position, std::size_t messages, std::size_t suspects) const {
  if (!suspects_.contains(position)) return suspects == 0;
  return messages == suspects && suspects < std::max<std::size_t>(1, suspects_.size() / 2);
}

const Suspects::Condemned* Suspects::condemned(const Position& position) const {
  const auto at = condemned_.find(position);
  return at == condemned_.end() ? nullptr : &at->second;
}

void Suspects::acquit(const TopicPartition& tp, std::int64_t end) {
  const auto done = [&](const Position& position) { return position.tp == tp && position.offset < end; };
  std::erase_if(suspects_, done);
  std::erase_if(condemned_, [&](const auto& item) { return done(item.first); });
}

}  // namespace firstseen::dedup
