#include "recent.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "log_subject.h"

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
  ++changes_;
  sampled_at_ms_ = now_ms;
  samples_.push_back(sample_of(status, clock_.wall_ms()));
  if (samples_.size() > samples_kept) samples_.pop_front();
}

void Recent::note(LogLevel level, const std::string& text) {
  if (level != LogLevel::warning && level != LogLevel::error) return;
  const std::int64_t now_ms = clock_.wall_ms();
  Kept fresh{log_subject(level, text), {now_ms, level, text.substr(0, longest_event)}, now_ms};
  const std::scoped_lock lock(mutex_);
  ++changes_;
  const auto before = std::ranges::find(events_, fresh.subject, &Kept::subject);
  if (before != events_.end()) {
    fresh.first_ms = before->first_ms;
    fresh.times = before->times + 1;
    events_.erase(before);
  }
  events_.push_back(std::move(fresh));
  if (events_.size() > events_kept) events_.pop_front();
}

std::vector<Event> Recent::told_events() const {
  std::vector<Event> told;
  for (const Kept& kept : events_) {
    told.push_back(kept.event);
    if (kept.times == 1) continue;
    told.back().text += fmt::format(" [{} times since {}]", kept.times, format_time(kept.first_ms));
  }
  return told;
}

std::vector<Sample> Recent::samples() const {
  const std::scoped_lock lock(mutex_);
  return {samples_.begin(), samples_.end()};
}

std::vector<Event> Recent::events() const {
  const std::scoped_lock lock(mutex_);
  return told_events();
}

History Recent::history() const {
  const std::scoped_lock lock(mutex_);
  return {{samples_.begin(), samples_.end()}, told_events()};
}

}  // namespace firstseen
