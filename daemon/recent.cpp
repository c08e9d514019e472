#include "recent.h"

namespace firstseen {

void Recent::sample(const dedup::Counters& counters) {
  const std::int64_t now_ms = clock_.steady_ms();
  const std::scoped_lock lock(mutex_);
  if (!samples_.empty() && now_ms - sampled_at_ms_ < sample_every_ms) return;
  sampled_at_ms_ = now_ms;
  samples_.push_back({clock_.wall_ms(), counters.consumed, counters.duplicates});
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

}  // namespace firstseen
