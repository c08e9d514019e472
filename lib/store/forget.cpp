#include "store/forget.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace firstseen::store {
namespace {

/// What a tombstone hides stands before it and so leaves before it, whatever its time; but a later time than theirs
/// would keep everything behind it in the log. So it is never later than the newest keys of any log, and 0 where there
/// are none.
std::int64_t tombstone_time_ms(const Stats& stats) {
  std::optional<std::int64_t> time_ms;
  for (const LogStats& log : stats.logs) {
    if (log.live_entries != 0) time_ms = std::min(time_ms.value_or(log.newest_time_ms), log.newest_time_ms);
  }
  return std::max<std::int64_t>(stats.logs.empty() ? stats.newest_time_ms : time_ms.value_or(0), 0);
}

}  // namespace

Result<void> forget(SeenStore& store, const Digest& digest) {
  Entry tombstone;
  tombstone.digest = digest;
  tombstone.kind = EntryKind::forgotten;
  tombstone.time_ms = tombstone_time_ms(store.stats());
  store.stage(tombstone);
  const auto recorded = store.prepare({}, std::numeric_limits<std::int64_t>::min(), true);
  if (recorded) return {};
  store.drop_staged();
  return forward(recorded.error());
}

}  // namespace firstseen::store
