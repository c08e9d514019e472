#include "dedup/history_start.h"

#include <algorithm>
#include <utility>

namespace firstseen::dedup {

HistoryStart::HistoryStart(kafka::Consumer& consumer, const SlotOptions& options, const Clock& clock, TopicPartition tp,
                           std::int64_t lower, std::int64_t end)
    : consumer_(consumer),
      by_wall_clock_(options.clock == WindowClock::wall_clock_time),
      tp_(std::move(tp)),
      lower_(lower),
      end_(end),
      ttl_ms_(options.longest_ttl().count()),
      precision_ms_(std::clamp<std::int64_t>(ttl_ms_ / 1000, 1, 1000)),
      high_ms_(clock.wall_ms() + 1),
      from_(lower) {
  if (!by_wall_clock_) high_ms_ += options.max_skew.count();
}

std::int64_t HistoryStart::question() const {
  switch (phase_) {
    case Phase::whole:
      return high_ms_ - ttl_ms_;
    case Phase::bisect:
      return low_ms_ + (high_ms_ - low_ms_) / 2;
    case Phase::begin:
    case Phase::found:
      break;
  }
  return low_ms_ - ttl_ms_;
}

void HistoryStart::answer(std::int64_t offset) {
  switch (phase_) {
    case Phase::whole:
      if (offset <= lower_) {  // the window reaches beyond what is there, wherever it ends
        phase_ = Phase::found;
      } else if (by_wall_clock_) {
        low_ms_ = high_ms_;
        from_ = std::clamp(offset, lower_, end_);
        covers_window_ = true;
        phase_ = Phase::found;
      } else {
        phase_ = Phase::bisect;
      }
      return;
    case Phase::bisect:
      (offset < end_ ? low_ms_ : high_ms_) = question();
      if (high_ms_ - low_ms_ <= precision_ms_) phase_ = Phase::begin;
      return;
    case Phase::begin:
      from_ = std::clamp(offset, lower_, end_);
      covers_window_ = from_ > lower_;
      phase_ = Phase::found;
      return;
    case Phase::found:
      return;
  }
}

Result<kafka::Progress> HistoryStart::step() {
  if (phase_ == Phase::found) return kafka::Progress::done;
  if (question() <= 0) {
    phase_ = Phase::found;
    return kafka::Progress::done;
  }
  const auto offset = consumer_.offset_for_time(tp_, question());
  if (!offset) return forward(offset.error());
  unanswered_ = !offset->has_value();
  if (unanswered_) return kafka::Progress::again;
  answer(**offset);
  return phase_ == Phase::found ? kafka::Progress::done : kafka::Progress::again;
}

}  // namespace firstseen::dedup
