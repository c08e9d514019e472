#pragma once

#include <string>
#include <utility>

#include "base/clock.h"

namespace firstseen {

/// How much of its window a run really covered. Tells a person on stderr when that was less than asked for: lines that
/// repeat after longer came again, and nothing is shortened silently.
class WindowWatch {
 public:
  /// `records`: what has the keys; `advice`: what to do about it.
  WindowWatch(Millis ttl, std::string records, std::string advice)
      : ttl_(ttl), least_(ttl), records_(std::move(records)), advice_(std::move(advice)) {}

  /// Warns the first time that not all of the window is covered.
  void saw(Millis covered);
  /// Warns once more of the least that was covered.
  void end() const;
  [[nodiscard]] Millis least() const { return least_; }

 private:
  const Millis ttl_;
  Millis least_;
  const std::string records_;
  const std::string advice_;
};

}  // namespace firstseen
