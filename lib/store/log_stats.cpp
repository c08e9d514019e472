#include "store/log_stats.h"

#include <algorithm>

namespace firstseen::store {

void add_log(Stats& stats, const LogStats& log) {
  stats.live_entries += log.live_entries;
  stats.live_records += log.live_records;
  if (log.oldest_time_ms >= 0 && (stats.oldest_time_ms < 0 || log.oldest_time_ms < stats.oldest_time_ms)) {
    stats.oldest_time_ms = log.oldest_time_ms;
  }
  stats.newest_time_ms = std::max(stats.newest_time_ms, log.newest_time_ms);
  stats.swept_before_ms = std::max(stats.swept_before_ms, log.swept_before_ms);
  stats.removed_before_ms = std::max(stats.removed_before_ms, log.removed_before_ms);
  stats.evicted_before_ms = std::max(stats.evicted_before_ms, log.evicted_before_ms);
  stats.expired_entries += log.expired_entries;
  stats.evicted_entries += log.evicted_entries;
}

}  // namespace firstseen::store
