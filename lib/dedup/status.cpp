#include "dedup/status.h"

namespace firstseen::dedup {

void Counters::add(const Counters& other) {
  consumed += other.consumed;
  first_seen += other.first_seen;
  duplicates += other.duplicates;
  rejected += other.rejected;
  passed += other.passed;
  consumed_bytes += other.consumed_bytes;
  published_bytes += other.published_bytes;
  late += other.late;
  cross_partition += other.cross_partition;
  clipped_timestamps += other.clipped_timestamps;
  uncarried_timestamps += other.uncarried_timestamps;
  rebuilt += other.rebuilt;
  for (const auto& [reason, count] : other.rejected_by_reason) rejected_by_reason[reason] += count;
  batches_committed += other.batches_committed;
  batches_aborted += other.batches_aborted;
  restarts += other.restarts;
  rebalances += other.rebalances;
}

}  // namespace firstseen::dedup
