#include "reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "output.h"

namespace firstseen {
namespace {

constexpr std::int64_t look_every_ms = 1'000;
constexpr std::int64_t rates_every_ms = 30'000;

std::string totals(const dedup::Counters& counters) {
  return fmt::format("{} consumed, {} first seen, {} duplicates, {} rejected, {} passed", counters.consumed,
                     counters.first_seen, counters.duplicates, counters.rejected, counters.passed);
}

std::string window(const dedup::SlotStatus& status) {
  if (status.effective_window_ms < 0) return "no partition assigned";
  return fmt::format("window {} of {}", format_duration(Millis(status.effective_window_ms)),
                     format_duration(Millis(status.configured_window_ms)));
}

}  // namespace

Reporter::Reporter(const Clock& clock, Notifier& notifier, LogSink log)
    : clock_(clock),
      notifier_(notifier),
      log_(std::move(log)),
      evictions_(log_),
      seen_at_ms_(clock.steady_ms() - look_every_ms),
      rates_since_ms_(clock.steady_ms()) {}

bool Reporter::due() const { return clock_.steady_ms() - seen_at_ms_ >= look_every_ms; }

void Reporter::see(const dedup::SlotStatus& status) {
  const std::int64_t now_ms = clock_.steady_ms();
  seen_at_ms_ = now_ms;
  see_state(status);
  evictions_.see(status);
  see_rates(status, now_ms);
}

void Reporter::see_state(const dedup::SlotStatus& status) {
  if (status.state == "running") notifier_.ready();
  const auto stopped = std::ranges::count(status.partitions, dedup::PartitionMode::stopped,
                                          [](const dedup::PartitionStatus& partition) { return partition.mode; });
  std::string text = status.state;
  if (!status.detail.empty()) text += ": " + status.detail;
  text += "; " + format_counted(status.partitions.size(), "partition");
  if (stopped > 0) text += fmt::format(", {} of them stopped", stopped);
  notifier_.status(text);
  if (text == state_) return;
  state_ = text;
  log_(status.state == "paused" || stopped > 0 ? LogLevel::warning : LogLevel::info, text);
}

void Reporter::see_rates(const dedup::SlotStatus& status, std::int64_t now_ms) {
  const std::int64_t elapsed_ms = now_ms - rates_since_ms_;
  if (elapsed_ms < rates_every_ms) return;
  const std::uint64_t fresh = status.counters.consumed - consumed_;
  consumed_ = status.counters.consumed;
  rates_since_ms_ = now_ms;
  if (fresh == 0) return;
  log_(LogLevel::info,
       fmt::format("{} messages/s in the last {} s; {}; {}", fresh * 1000 / static_cast<std::uint64_t>(elapsed_ms),
                   elapsed_ms / 1000, totals(status.counters), window(status)));
}

void Reporter::finish(const dedup::SlotStatus& status) { log_(LogLevel::info, "stopped; " + totals(status.counters)); }

}  // namespace firstseen
