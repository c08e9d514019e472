#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "dedup/status.h"
#include "kafka/figures.h"
#include "shown_configuration.h"

namespace firstseen {

/// A loop that has made no step for this long is dead. A step waits for a second at most; the rest is for slow disks.
inline constexpr Millis step_bound{60'000};

/// What the daemon is at, in the order of its life.
enum class Phase { opening_store, waiting_for_broker, serving, stopping };

/// One condition of being ready.
struct Check {
  std::string_view name;
  bool ok = false;
  std::string detail;
  std::int64_t since_ms = 0;  ///< wall clock; when `ok` became what it is
};

/// What has become of a wish to reload the configuration.
enum class Reload : std::size_t { applied, unchanged, refused };

/// The daemon at one moment, for everybody but the loop.
struct Picture {
  Phase phase = Phase::opening_store;
  std::string detail;  ///< what it waits for
  std::int64_t phase_since_ms = 0;
  std::int64_t started_at_ms = 0;  ///< wall clock
  std::int64_t step_age_ms = 0;    ///< since the loop's last step
  std::array<Check, 3> checks;     ///< store, broker, slot
  std::shared_ptr<const dedup::SlotStatus> status;
  std::array<std::optional<kafka::ClientFigures>, 2> clients;  ///< consumer, producer; nothing: not told yet
  std::shared_ptr<const ShownConfiguration> configuration = std::make_shared<const ShownConfiguration>();
  std::array<std::uint64_t, 3> reloads{};            ///< by Reload
  std::optional<std::int64_t> certificate_until_ms;  ///< of http.tls; nothing: plain HTTP

  /// The loop makes steps; opening and closing the store are none and may take any time.
  [[nodiscard]] bool alive() const;
  [[nodiscard]] bool ready() const;
  /// The slot's status and its check, as they are from `now_ms` (wall clock) on.
  void show(std::shared_ptr<const dedup::SlotStatus> fresh, std::int64_t now_ms);
};

/// Where the loop writes down how things are, and from where other threads read it: they never touch the slot or the
/// store. Thread-safe.
class Board {
 public:
  Board(const Clock& clock, Millis configured_window);

  void enter(Phase phase, std::string detail = "");
  /// The loop has made a step; costs it one store to memory.
  void stepped() { stepped_at_ms_.store(clock_.steady_ms(), std::memory_order_relaxed); }
  void publish(dedup::SlotStatus status);
  void broker(bool answers, std::string detail);
  void note(const kafka::ClientFigures& figures);
  void configured(const std::string& file, const std::string& text);
  void reloaded(Reload outcome);
  void certificate(std::optional<std::int64_t> until_ms);

  [[nodiscard]] Picture look() const;
  /// How often something has been written down, steps excepted. Asked for before look(), it never tells of more than
  /// that shows.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] std::int64_t steady_ms() const { return clock_.steady_ms(); }
  /// The same with a younger status of the slot than the loop has written down.
  [[nodiscard]] Picture look(dedup::SlotStatus younger) const;

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> stepped_at_ms_;
  std::atomic<std::uint64_t> changes_ = 0;
  mutable std::mutex mutex_;
  Picture picture_;  // guarded by mutex_; without step_age_ms
};

}  // namespace firstseen
