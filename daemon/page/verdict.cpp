#include "page/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "output.h"

namespace firstseen::page {
namespace {

using Mood = Verdict::Mood;

std::int64_t lag_of(const dedup::SlotStatus& status) {
  std::int64_t sum = 0;
  for (const auto& partition : status.partitions) sum += std::max<std::int64_t>(0, partition.lag);
  return sum;
}

Verdict unready(const Picture& picture) {
  const auto failed = std::ranges::find(picture.checks, false, &Check::ok);
  return {Mood::bad, "unready",
          fmt::format("{}, since {}: {}", failed->name, format_time(failed->since_ms), failed->detail)};
}

Verdict serving(const dedup::SlotStatus& status) {
  const auto stopped = std::ranges::count(status.partitions, dedup::PartitionMode::stopped,
                                          [](const dedup::PartitionStatus& one) { return one.mode; });
  if (stopped > 0) {
    return {Mood::bad, "stopped",
            fmt::format("{} of {} {} for a person", stopped, format_counted(status.partitions.size(), "partition"),
                        stopped == 1 ? "waits" : "wait")};
  }
  if (status.store.evicted_entries > 0 && status.effective_window_ms < status.configured_window_ms) {
    return {Mood::bad, "shortened",
            fmt::format("the store has reached store.max_size: it covers {} of {}",
                        format_duration(Millis{std::max<std::int64_t>(0, status.effective_window_ms)}),
                        format_duration(Millis{status.configured_window_ms}))};
  }
  if (const std::int64_t lag = lag_of(status); lag > usual_lag) {
    return {Mood::busy, "behind", format_counted(static_cast<std::uint64_t>(lag), "message") + " wait"};
  }
  return {Mood::good, "healthy", format_counted(status.partitions.size(), "partition") + " served"};
}

}  // namespace

Verdict verdict_of(const Picture& picture) {
  switch (picture.phase) {
    case Phase::opening_store:
      return {Mood::busy, "starting", picture.detail};
    case Phase::stopping:
      return {Mood::busy, "stopping", picture.detail};
    case Phase::waiting_for_broker:
    case Phase::serving:
      break;
  }
  if (!picture.alive()) {
    return {Mood::bad, "stuck", fmt::format("the loop made its last step {} s ago", picture.step_age_ms / 1000)};
  }
  if (const auto& pause = picture.status->pause; pause && pause->drained) {
    return {Mood::busy, "paused", fmt::format("since {}, asked for by {}", format_time(pause->since_ms), pause->by)};
  }
  return picture.ready() ? serving(*picture.status) : unready(picture);
}

}  // namespace firstseen::page
