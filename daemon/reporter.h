#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "dedup/status.h"
#include "eviction_watch.h"
#include "notify.h"

namespace firstseen {

/// Turns a slot's status into log lines (each change of state, rates every 30 s while messages flow, a store that is
/// too small for its window) and into what systemd shows and waits for.
class Reporter {
 public:
  Reporter(const Clock& clock, Notifier& notifier, LogSink log);

  /// Whether a second has passed since the last see(): a status is a copy of every partition's.
  [[nodiscard]] bool due() const;
  void see(const dedup::SlotStatus& status);
  /// The totals, for the end.
  void finish(const dedup::SlotStatus& status);

 private:
  void see_state(const dedup::SlotStatus& status);
  void see_rates(const dedup::SlotStatus& status, std::int64_t now_ms);

  const Clock& clock_;
  Notifier& notifier_;
  LogSink log_;
  EvictionWatch evictions_;
  std::string state_;
  std::int64_t seen_at_ms_;
  std::int64_t rates_since_ms_;
  std::uint64_t consumed_ = 0;  ///< at rates_since_ms_
};

}  // namespace firstseen
