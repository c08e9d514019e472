#pragma once

#include "dedup/status.h"

namespace firstseen::test {

/// Two windows of rules: five minutes, of which the store covers two and a half, since keys went early; and a day.
inline void add_windows_of_rules(dedup::SlotStatus& status) {
  status.windows = {{.configured_ms = 300'000, .effective_ms = 150'000},
                    {.configured_ms = 86'400'000, .effective_ms = 86'400'000}};
  store::LogStats calls;
  calls.windows = {"calls", "web-calls"};
  calls.live_entries = 40;
  calls.expired_entries = 3;
  calls.evicted_entries = 7;
  store::LogStats payments;
  payments.windows = {"payments"};
  payments.live_entries = 1'234;
  status.store.logs = {calls, payments};
  status.store.live_entries = 1'274;
  status.store.evicted_entries = 7;
  status.configured_window_ms = 300'000;
  status.effective_window_ms = 150'000;
}

}  // namespace firstseen::test
