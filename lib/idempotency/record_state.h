#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "idempotency/result_store.h"

namespace firstseen::idempotency {

/// Expiry is decided here and nowhere else. An attempt that has not ended does not expire: its effect may have
/// happened, and whoever asks next may be one who must not repeat it.
inline bool expires(const Record& record) {
  return record.status != Status::in_progress && record.expires_at_ms != never_ms;
}
inline bool has_expired(const Record& record, std::int64_t now_ms) {
  return expires(record) && now_ms >= record.expires_at_ms;
}

/// Its maker is gone or fell silent; whether its effect happened is unknown. `alive` tells of an owner's id.
template <class Alive>
bool is_abandoned(const Record& record, std::int64_t now_ms, const Alive& alive) {
  return record.status == Status::in_progress && (now_ms >= record.lease_until_ms || !alive(record.owner));
}

/// May `expected` still be replaced? What a competing attempt, its end or a renewed lease change.
inline bool same_attempt(const Record& stored, const Record& expected) {
  return stored.status == expected.status && stored.token == expected.token &&
         stored.lease_until_ms == expected.lease_until_ms;
}

/// A record and whether its attempt is abandoned, of one moment.
struct Seen {
  std::optional<Record> record{};
  bool abandoned = false;
};

/// What became of a record that was read. An owner may end its attempt, and then itself, after the look at the record
/// and before the one at the owner: so nothing is abandoned whose record is not still as it was after that.
inline Result<Seen> look_again(ResultStore& store, std::optional<Record> record, const Clock& clock) {
  const auto alive = [&store](const std::string& owner) { return store.alive(owner); };
  for (;;) {
    if (!record || !is_abandoned(*record, clock.wall_ms(), alive)) return Seen{.record = std::move(record)};
    auto now = store.peek(record->key);
    if (!now) return forward(now.error());
    if (*now && same_attempt(**now, *record)) return Seen{.record = std::move(record), .abandoned = true};
    record = std::move(*now);
  }
}

/// Adds one record to the statistics.
class StatsCounter {
 public:
  using Alive = std::function<bool(const std::string& owner)>;
  StatsCounter(std::int64_t now_ms, Alive alive) : now_ms_(now_ms), alive_(std::move(alive)) {}

  void add(const Record& record) {
    if (has_expired(record, now_ms_)) {
      ++stats_.expired;
      return;
    }
    ++stats_.total;
    stats_.in_progress += record.status == Status::in_progress ? 1U : 0U;
    stats_.completed += record.status == Status::completed ? 1U : 0U;
    stats_.failed += record.status == Status::failed ? 1U : 0U;
    stats_.abandoned += is_abandoned(record, now_ms_, alive_) ? 1U : 0U;
    if (!expires(record)) return;
    ++expiring_;
    sum_ms_ += static_cast<double>(record.expires_at_ms - now_ms_);
  }

  [[nodiscard]] StoreStats finish() const {
    StoreStats stats = stats_;
    if (expiring_ > 0) stats.mean_ttl = Millis(static_cast<std::int64_t>(sum_ms_ / static_cast<double>(expiring_)));
    return stats;
  }

 private:
  const std::int64_t now_ms_;
  const Alive alive_;
  std::uint64_t expiring_ = 0;
  double sum_ms_ = 0;
  StoreStats stats_;
};

}  // namespace firstseen::idempotency
