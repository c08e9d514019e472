#pragma once

#include <cstdint>

#include "base/clock.h"

namespace firstseen::demo {

/// How far a demo has come; counts of messages.
struct Progress {
  std::uint64_t produced = 0;
  std::uint64_t consumed = 0;
  std::uint64_t first_seen = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t goal = 0;
};

/// The progress on stderr: one line that rewrites itself on a terminal, elsewhere a line a second.
class ProgressLine {
 public:
  explicit ProgressLine(const Clock& clock);
  /// Shows the progress if it is time.
  void show(const Progress& progress);
  /// Leaves the rewritten line standing.
  void end();

 private:
  const Clock& clock_;
  bool terminal_;
  std::int64_t begun_ms_;
  std::int64_t shown_ms_;
  bool any_ = false;
};

}  // namespace firstseen::demo
