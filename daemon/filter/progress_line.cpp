#include "filter/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "output.h"

namespace firstseen::filter {

ProgressLine::ProgressLine(const Clock& clock)
    : clock_(clock),
      wanted_(::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 0),
      begun_ms_(clock.steady_ms()),
      shown_ms_(begun_ms_) {}

ProgressLine::~ProgressLine() {
  if (any_) std::fputs("\n", stderr);
}

void ProgressLine::show(std::uint64_t lines, std::uint64_t first_seen) {
  constexpr std::int64_t every_ms = 200;
  if (!wanted_) return;
  const std::int64_t now_ms = clock_.steady_ms();
  if (now_ms - shown_ms_ < every_ms) return;
  shown_ms_ = now_ms;
  any_ = true;
  const auto elapsed_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms - begun_ms_, 1));
  const std::string line = fmt::format("\r\x1b[K{} lines  {} first seen  {} lines/s", format_count(lines),
                                       format_count(first_seen), format_count(lines * 1000 / elapsed_ms));
  std::fwrite(line.data(), 1, line.size(), stderr);  // a terminal that has gone away ends nothing
  static_cast<void>(std::fflush(stderr));
}

}  // namespace firstseen::filter
