#include "store/covered_window.h"

#include "store/snapshot.h"
#include "store/tables.h"

namespace firstseen::store {

Result<Millis> covered_window(const std::filesystem::path& directory, std::int64_t now_ms) {
  auto snapshot = take_snapshot(directory);
  if (!snapshot) return forward(snapshot.error());
  const auto identity = read_identity(snapshot->txn, snapshot->tables);
  if (!identity) return forward(identity.error());
  const auto state = read_log_state(snapshot->txn, snapshot->tables);
  if (!state) return forward(state.error());
  std::int64_t evicted_before_ms = -1;
  for (const LogBounds& log : state->logs) evicted_before_ms = std::max(evicted_before_ms, log.evicted_before_ms);
  return covered_window(Millis{identity->ttl_ms}, evicted_before_ms, now_ms);
}

}  // namespace firstseen::store
