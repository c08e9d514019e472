#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace firstseen {

/// What systemd is told (sd_notify). Does nothing when not started by systemd. One thread at a time.
class Notifier {
 public:
  explicit Notifier(const Clock& clock);

  /// READY=1; later calls do nothing.
  void ready();
  /// STOPPING=1; later calls do nothing.
  void stopping();
  /// STATUS=text, when it differs from the last one.
  void status(const std::string& text);
  /// WATCHDOG=1 at half the interval that the service manager asks for (WATCHDOG_USEC), if any. Called by the loop
  /// that must stay alive.
  void alive();

 private:
  const Clock& clock_;
  std::int64_t watchdog_interval_ms_ = 0;  ///< 0: nobody watches
  std::int64_t last_alive_ms_ = 0;
  bool ready_ = false;
  bool stopping_ = false;
  std::string status_;
};

}  // namespace firstseen
