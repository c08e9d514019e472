#include "window_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "output.h"

namespace firstseen {
namespace {

/// Without the milliseconds of what is longer than a second.
std::string rounded(Millis duration) {
  constexpr Millis second{1000};
  return format_duration(duration < second ? duration : duration - duration % second);
}

}  // namespace

void WindowWatch::saw(Millis covered) {
  const bool first = least_ == ttl_ && covered < ttl_;
  least_ = std::min(least_, covered);
  if (!first) return;
  warn(
      fmt::format("the store is full and lets keys go early: the window covers {} of {}, and {} that repeat after "
                  "longer come again; {}",
                  rounded(covered), format_duration(ttl_), records_, advice_));
}

void WindowWatch::end() const {
  if (least_ == ttl_) return;
  warn(fmt::format("in this run the window covered as little as {} of {}; {}", rounded(least_), format_duration(ttl_),
                   advice_));
}

}  // namespace firstseen
