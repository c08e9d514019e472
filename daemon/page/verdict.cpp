#include "page/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/units.h"
#include "dedup/partition.h"
#include "output.h"
#include "plan/words.h"

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

/// Partitions that bring nothing: with one that needs a person the word is another than with those that go on by
/// themselves. The reason is that of the first one, of the graver kind.
std::optional<Verdict> standing(const dedup::SlotStatus& status) {
  std::size_t stopped = 0;
  std::size_t waiting = 0;
  const dedup::PartitionStatus* first = nullptr;
  for (const dedup::PartitionStatus& one : status.partitions) {
    if (one.mode != dedup::PartitionMode::stopped) continue;
    ++(one.waits ? waiting : stopped);
    if (first == nullptr || (first->waits && !one.waits)) first = &one;
  }
  if (first == nullptr) return {};
  const std::string all = format_counted(status.partitions.size(), "partition");
  std::string text;
  if (stopped > 0) text = fmt::format("{} of {} {} for a person", stopped, all, stopped == 1 ? "waits" : "wait");
  if (stopped > 0 && waiting > 0) {
    text += fmt::format(", {} more {} on by {} later", waiting, waiting == 1 ? "goes" : "go",
                        waiting == 1 ? "itself" : "themselves");
  } else if (waiting > 0) {
    text = fmt::format("{} of {} {} by {} later", waiting, all, waiting == 1 ? "waits, and goes on" : "wait, and go on",
                       waiting == 1 ? "itself" : "themselves");
  }
  if (!first->reason.empty()) text += ": " + first->reason;
  return Verdict{Mood::bad, stopped > 0 ? "stopped" : "waiting", std::move(text)};
}

/// Up to when keys have left the window early that is covered least; of the store's logs that with its ttl. -1: none.
std::int64_t gone_early_ms(const dedup::SlotStatus& status) {
  const dedup::WindowStatus shown{status.configured_window_ms, status.effective_window_ms};
  for (std::size_t i = 0; i < std::min(status.windows.size(), status.store.logs.size()); ++i) {
    if (status.windows[i] == shown) return status.store.logs[i].evicted_before_ms;
  }
  return status.store.evicted_before_ms;
}

/// The partition that is covered least, if that is for its own history; null: for what has left the store.
const dedup::PartitionStatus* without_history(const dedup::SlotStatus& status, std::int64_t gone_ms) {
  const auto covered = [&](const dedup::PartitionStatus& one) {
    store::PartitionState state;
    state.stream_time_ms = one.stream_time_ms;
    state.covered_from_ms = one.covered_from_ms;
    return dedup::effective_window_ms(state, status.configured_window_ms, gone_ms);
  };
  const auto least = std::ranges::min_element(status.partitions, {}, covered);
  if (least == status.partitions.end() || least->covered_from_ms <= std::max<std::int64_t>(0, gone_ms)) return nullptr;
  return &*least;
}

/// Less than all of the window is covered, so what repeats an older key is published.
std::optional<Verdict> shortened(const dedup::SlotStatus& status) {
  const std::int64_t missing_ms = status.configured_window_ms - status.effective_window_ms;
  if (status.effective_window_ms < 0 || missing_ms <= 0) return {};
  const std::string covered = fmt::format("covers {} of {}", format_duration(Millis{status.effective_window_ms}),
                                          format_duration(Millis{status.configured_window_ms}));
  const std::int64_t gone_ms = gone_early_ms(status);
  if (const auto* partition = without_history(status, gone_ms)) {
    const bool at_all = partition->covered_from_ms != dedup::nothing_covered;
    return Verdict{Mood::busy, "shortened",
                   fmt::format("the store {}: it knows the keys of {} only from {} on; whole again after {} of its "
                               "messages' time",
                               covered, to_string(partition->tp),
                               at_all ? format_time(partition->covered_from_ms) : "its next message",
                               plan::about_time(static_cast<double>(missing_ms) / 1000))};
  }
  if (status.store.evicted_entries > 0) {
    return Verdict{Mood::bad, "shortened", "the store has reached store.max_size: it " + covered};
  }
  return Verdict{
      Mood::busy, "shortened",
      "the store " + covered + ": keys had left it early, when it was full, by a shorter ttl or after a power failure"};
}

Verdict serving(const dedup::SlotStatus& status) {
  if (auto verdict = standing(status)) return *std::move(verdict);
  if (auto verdict = shortened(status)) return *std::move(verdict);
  if (const std::int64_t lag = lag_of(status); lag > usual_lag) {
    return {Mood::busy, "behind", format_counted(static_cast<std::uint64_t>(lag), "message") + " wait"};
  }
  if (status.partitions.empty()) {
    return {
        Mood::busy, "spare",
        "no partition is assigned to this instance: others of the group serve them all, or the input has none left"};
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
