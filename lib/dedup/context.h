#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "dedup/options.h"
#include "dedup/steps.h"
#include "kafka/client.h"
#include "key/deriver.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// The wish to stop, set by any thread.
class StopControl {
 public:
  /// `deadline_ms`: steady time after which nothing is waited for any more.
  void request(std::int64_t deadline_ms) { deadline_ms_.store(deadline_ms); }
  [[nodiscard]] bool requested() const { return deadline_ms_.load() >= 0; }
  [[nodiscard]] bool expired(const Clock& clock) const {
    return requested() && clock.steady_ms() >= deadline_ms_.load();
  }

 private:
  std::atomic<std::int64_t> deadline_ms_{-1};
};

/// What the parts of the taking stage share while one client lives; all by reference, used by its thread only.
struct Context {
  const SlotOptions& options;
  key::Deriver& deriver;
  store::SeenStore& store;
  kafka::Consumer& consumer;
  const Clock& clock;
  StepHook* steps;
  const StopControl& stop;
  const std::function<void(Millis)>& idle;  ///< waits that long or less
  const LogSink& log_sink;

  void at(Step step) const {
    if (steps != nullptr) steps->at(step);
  }
  void log(LogLevel level, const std::string& text) const {
    if (log_sink) log_sink(level, text);
  }
};

}  // namespace firstseen::dedup
