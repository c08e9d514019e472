#pragma once

#include <cstdint>

#include "base/clock.h"

namespace firstseen::filter {

/// How far a run has come, on a line of stderr that rewrites itself; nothing unless stderr is a terminal and stdout,
/// whose lines would run into it, is none.
class ProgressLine {
 public:
  explicit ProgressLine(const Clock& clock);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ProgressLine(ProgressLine&&) = delete;
  ProgressLine& operator=(ProgressLine&&) = delete;

  /// Shows the counts if it is time.
  void show(std::uint64_t lines, std::uint64_t first_seen);

 private:
  const Clock& clock_;
  const bool wanted_;
  const std::int64_t begun_ms_;
  std::int64_t shown_ms_;
  bool any_ = false;
};

}  // namespace firstseen::filter
