#include "repeats.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "log_subject.h"

namespace firstseen {

void Repeats::log(LogLevel level, const std::string& text) {
  if (level != LogLevel::warning && level != LogLevel::error) {
    sink_(level, text);
    return;
  }
  std::string subject = log_subject(level, text);
  const std::scoped_lock lock(mutex_);
  tell(limiter_.end_intervals(now()));
  if (limiter_.admit(subject, now())) {
    sink_(level, text);
  } else {
    held_[std::move(subject)] = {level, text, clock_.wall_ms(), ++lines_};
  }
}

void Repeats::tell_due() {
  const std::scoped_lock lock(mutex_);
  tell(limiter_.end_intervals(now()));
}

void Repeats::tell_all() {
  const std::scoped_lock lock(mutex_);
  tell(limiter_.end_intervals(now() + interval));
  limiter_ = RateLimiter(interval);
}

/// In the order in which they came.
void Repeats::tell(const std::vector<RateLimiter::HeldBack>& ended) {
  std::vector<Line> lines;
  for (const auto& [subject, events] : ended) {
    auto found = held_.extract(subject);
    if (found.empty()) continue;
    Line& line = found.mapped();
    line.text += fmt::format(" [held back since {}, the last of {}]", format_time(line.at_ms), events);
    lines.push_back(std::move(line));
  }
  std::ranges::sort(lines, {}, &Line::number);
  for (const Line& line : lines) sink_(line.level, line.text);
}

}  // namespace firstseen
