#include "notify.h"

#include <systemd/sd-daemon.h>

namespace firstseen {

Notifier::Notifier(const Clock& clock) : clock_(clock) {
  std::uint64_t interval_us = 0;
  if (sd_watchdog_enabled(0, &interval_us) > 0) {
    watchdog_interval_ms_ = static_cast<std::int64_t>(interval_us / 2000) + 1;
  }
}

void Notifier::ready() {
  if (ready_) return;
  ready_ = true;
  sd_notify(0, "READY=1");
}

void Notifier::stopping() {
  if (stopping_) return;
  stopping_ = true;
  sd_notify(0, "STOPPING=1");
}

void Notifier::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  sd_notify(0, ("STATUS=" + text).c_str());
}

void Notifier::alive() {
  if (watchdog_interval_ms_ == 0) return;
  const std::int64_t now = clock_.steady_ms();
  if (last_alive_ms_ != 0 && now - last_alive_ms_ < watchdog_interval_ms_) return;
  last_alive_ms_ = now;
  sd_notify(0, "WATCHDOG=1");
}

}  // namespace firstseen
