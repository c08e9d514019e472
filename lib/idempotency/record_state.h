#pragma once

#include "idempotency/result_store.h"

namespace firstseen::idempotency {

/// Expiry is decided here and nowhere else.
inline bool has_expired(const Record& record, std::int64_t now_ms) { return now_ms >= record.expires_at_ms; }

/// May `expected` still be replaced? What a competing attempt, its end or a renewed lease change.
inline bool same_attempt(const Record& stored, const Record& expected) {
  return stored.status == expected.status && stored.token == expected.token &&
         stored.lease_until_ms == expected.lease_until_ms;
}

/// Adds one record to the statistics; mean_ttl holds the sum until finish().
class StatsCounter {
 public:
  explicit StatsCounter(std::int64_t now_ms) : now_ms_(now_ms) {}

  void add(const Record& record) {
    if (has_expired(record, now_ms_)) {
      ++stats_.expired;
      return;
    }
    ++stats_.total;
    stats_.in_progress += record.status == Status::in_progress ? 1U : 0U;
    stats_.completed += record.status == Status::completed ? 1U : 0U;
    stats_.failed += record.status == Status::failed ? 1U : 0U;
    sum_ms_ += static_cast<double>(record.expires_at_ms - now_ms_);
  }

  [[nodiscard]] StoreStats finish() const {
    StoreStats stats = stats_;
    if (stats.total > 0) stats.mean_ttl = Millis(static_cast<std::int64_t>(sum_ms_ / static_cast<double>(stats.total)));
    return stats;
  }

 private:
  const std::int64_t now_ms_;
  double sum_ms_ = 0;
  StoreStats stats_;
};

}  // namespace firstseen::idempotency
