#include "demo/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "output.h"

namespace firstseen::demo {

ProgressLine::ProgressLine(const Clock& clock)
    : clock_(clock),
      terminal_(::isatty(STDERR_FILENO) == 1),
      begun_ms_(clock.steady_ms()),
      shown_ms_(clock.steady_ms()) {}

void ProgressLine::show(const Progress& progress) {
  const std::int64_t now_ms = clock_.steady_ms();
  if (now_ms - shown_ms_ < (terminal_ ? 100 : 1000)) return;
  shown_ms_ = now_ms;
  any_ = true;
  const auto elapsed_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms - begun_ms_, 1));
  const std::uint64_t percent = progress.goal == 0 ? 100 : progress.consumed * 100 / progress.goal;
  const std::string text =
      fmt::format("{:>3}%  {} consumed  {} first seen  {} duplicates  {} messages/s", percent,
                  format_count(progress.consumed), format_count(progress.first_seen), format_count(progress.duplicates),
                  format_count(progress.consumed * 1000 / elapsed_ms));
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\x1b[K" : "", text, terminal_ ? "" : "\n");
  static_cast<void>(std::fflush(stderr));
}

void ProgressLine::end() {
  if (terminal_ && any_) fmt::print(stderr, "\n");
}

}  // namespace firstseen::demo
