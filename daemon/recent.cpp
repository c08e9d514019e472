#include "recent.h"

#include <algorithm>

namespace firstseen {

namespace {

Sample sample_of(const dedup::SlotStatus& status, std::int64_t time_ms) {
  Sample sample;
  sample.time_ms = time_ms;
  sample.consumed = status.counters.consumed;
  sample.duplicates = status.counters.duplicates;
  for (const dedup::PartitionStatus& partition : status.partitions) {
    if (partition.lag >= 0) sample.lag = std::max<std::int64_t>(0, sample.lag) + partition.lag;
  }
  sample.timed = status.measures.latency.count();
  sample.latency_s = status.measures.latency.sum();
  sample.keys_added = status.store.live_entries + status.store.expired_entries + status.store.evicted_entries;
  sample.newest_key_ms = status.store.newest_time_ms;
  return sample;
}

}  // namespace

void Recent::sample(const dedup::SlotStatus& status) {
  const std::int64_t now_ms = clock_.steady_ms();
  const std::scoped_lock lock(mutex_);
  if (!samples_.empty() && now_ms - sampled_at_ms_ < sample_every_ms) return;
  sampled_at_ms_ = now_ms;
  samples_.push_back(sample_of(status, clock_.wall_ms()));
  if (samples_.size() > samples_kept) samples_.pop_front();
}

void Recent::note(LogLevel level, const std::string& text) {
  if (level != LogLevel::warning && level != LogLevel::error) return;
  const std::scoped_lock lock(mutex_);
  events_.push_back({clock_.wall_ms(), level, text.substr(0, longest_event)});
  if (events_.size() > events_kept) events_.pop_front();
}

std::vector<Sample> Recent::samples() const {
  const std::scoped_lock lock(mutex_);
  return {samples_.begin(), samples_.end()};
}

std::vector<Event> Recent::events() const {
  const std::scoped_lock lock(mutex_);
  return {events_.begin(), events_.end()};
}

History Recent::history() const {
  const std::scoped_lock lock(mutex_);
  return {{samples_.begin(), samples_.end()}, {events_.begin(), events_.end()}};
}

}  // namespace firstseen
