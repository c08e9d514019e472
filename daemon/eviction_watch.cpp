#include "eviction_watch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/units.h"

namespace firstseen {

void EvictionWatch::see(const dedup::SlotStatus& status) {
  const store::Stats& store = status.store;
  if (status.windows.empty()) {
    look(0, {status.configured_window_ms, status.effective_window_ms}, store.evicted_entries, store.max_size_bytes, "",
         "shorten window.ttl");
    return;
  }
  for (std::size_t i = 0; i < std::min(status.windows.size(), store.logs.size()); ++i) {
    const std::string rules = fmt::format(" of {}", fmt::join(store.logs[i].windows, ", "));
    look(i, status.windows[i], store.logs[i].evicted_entries, store.max_size_bytes, rules,
         "shorten the ttl of rules in key.rules");
  }
}

void EvictionWatch::look(std::size_t log, const dedup::WindowStatus& window, std::uint64_t evicted,
                         std::uint64_t max_size, const std::string& keys, const std::string& remedy) {
  if (seen_.size() <= log) seen_.resize(log + 1);
  Seen& seen = seen_[log];
  const bool evicts = evicted > seen.evicted;
  seen.evicted = evicted;
  if (window.effective_ms < 0 || !log_) return;  // no partition is assigned: nobody knows
  const std::string configured = format_duration(Millis{window.configured_ms}) + keys;
  if (window.effective_ms >= window.configured_ms) {
    if (seen.shortened) log_(LogLevel::info, fmt::format("the window of {} is whole again", configured));
    seen.shortened = false;
  } else if (evicts && !seen.shortened) {
    seen.shortened = true;
    log_(
        LogLevel::warning,
        fmt::format("the store is full, and keys leave it before their time: of the window of {} it covers {} now, and "
                    "what repeats an older key is published again; raise store.max_size ({}) or {}",
                    configured, format_duration(Millis{window.effective_ms}), format_size(max_size), remedy));
  }
}

}  // namespace firstseen
