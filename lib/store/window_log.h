#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "store/coalesce.h"
#include "store/growing_index.h"
#include "store/live_log.h"
#include "store/lmdb.h"
#include "store/log_read_ahead.h"
#include "store/record.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// Bounds of a log beside the store's size in bytes; tests make them small.
struct LogLimits {
  LogPosition first = 0;                            ///< of the first record; a multiple of 256
  LogPosition longest_log = LogPosition{3} << 30U;  ///< beyond this the oldest records go, as for max_size
  CoalesceLimits coalesce = {};
};

/// LMDB keeps a value inline in a leaf page, and moves it, up to about half a page; one this long gets pages of its
/// own.
inline std::size_t least_record_bytes(const Env& env) { return env.page_bytes() / 2; }

/// Pages that a value of this size takes (LMDB: one header of 16 bytes, then contiguous pages).
inline std::uint64_t value_pages_bytes(const Env& env, std::uint64_t size) {
  constexpr std::uint64_t page_header = 16;
  const std::uint64_t page = env.page_bytes();
  return (size + page_header + page - 1) / page * page;
}

/// Which records leave a log with a commit, and what they take along.
struct Departures {
  std::size_t from_head = 0;
  bool empty_last = false;  ///< the last record had no entries and has served its purpose
  std::uint64_t bytes = 0;
  LogPosition positions = 0;
  std::uint64_t expired_entries = 0;
  std::int64_t expired_before_ms = -1;  ///< they are older than this
  std::uint64_t evicted_entries = 0;
  std::int64_t evicted_before_ms = -1;  ///< they are not newer than this
};

/// Two records that a commit writes again as one.
struct Coalescing {
  CoalescedRecord record;
  RecordWriter writer;  ///< of `record`
  std::uint64_t older = 0;
  std::uint64_t newer = 0;
};

/// One log of the store with its index: the database, what the process knows of its records, and the entries that are
/// staged for its next record. All logs of a store change in the same commits; what belongs into one is the LogStore's
/// to say. For its thread only.
class WindowLog {
 public:
  /// `env` outlives the log.
  WindowLog(const Env& env, Dbi table, const LogLimits& limits, std::uint64_t secret);
  ~WindowLog() = default;
  WindowLog(const WindowLog&) = delete;
  WindowLog& operator=(const WindowLog&) = delete;
  WindowLog(WindowLog&&) = delete;
  WindowLog& operator=(WindowLog&&) = delete;

  [[nodiscard]] Dbi table() const { return table_; }
  [[nodiscard]] const std::deque<LiveRecord>& records() const { return log_.records(); }
  [[nodiscard]] const LiveLog& live_log() const { return log_; }
  [[nodiscard]] const GrowingIndex& index() const { return index_; }
  [[nodiscard]] std::uint64_t expired_entries() const { return expired_entries_; }
  [[nodiscard]] std::uint64_t evicted_entries() const { return evicted_entries_; }
  /// Lookups that the index led to another key's entry.
  [[nodiscard]] std::uint64_t false_positives() const { return false_positives_; }
  /// How long what was staged since the last call waited for the index to change its size.
  [[nodiscard]] std::chrono::nanoseconds take_growth() { return std::exchange(growth_, {}); }

  // window_log.cpp: the start
  /// Reads the heads of its records, the first of which gets this position. The number of a damaged one is the result.
  Result<std::optional<std::uint64_t>> read_heads(Txn& txn, LogPosition first);
  /// Fills the index from the records. The number of a damaged one is the result.
  std::optional<std::uint64_t> read_index();
  [[nodiscard]] GrowingIndex& index_to_load() { return index_; }
  void loaded_index() { index_.begin_due_change(log_.entries(), live()); }

  // window_log.cpp: lookup and staging; see SeenStore
  [[nodiscard]] std::optional<Found> find(const Digest& digest, std::int64_t now_ms, std::uint64_t ttl_ms) const;
  void stage(const Entry& entry);
  /// `ttls_ms`: by Entry::window.
  void decide(std::span<const Entry> messages, std::span<const std::uint64_t> ttls_ms, bool refresh,
              std::span<std::optional<Found>> found);
  [[nodiscard]] std::span<const Entry> staged() const { return staged_; }
  void drop_staged();

  // window_log_changes.cpp: what leaves. Planning changes nothing; forget() follows the commit.
  [[nodiscard]] Departures expired(std::int64_t before_ms) const;
  /// Is there a record that evict_next() can add?
  [[nodiscard]] bool evictable(const Departures& departures) const;
  void evict_next(Departures& departures) const;
  /// Is there room for so many more positions?
  [[nodiscard]] bool has_positions(const Departures& departures, LogPosition positions) const;
  /// Bytes of the records that stay.
  [[nodiscard]] std::uint64_t staying_bytes(const Departures& departures) const;
  [[nodiscard]] std::uint64_t last_record(const Departures& departures) const;
  Result<void> erase(Txn& txn, const Departures& departures) const;
  void forget(const Departures& departures);

  // window_log_changes.cpp: what joins, and leaves again. The first of two is for the commit, the second follows it.
  Result<void> append(Txn& txn, std::uint64_t sequence, const RecordWriter& writer) const;
  void adopt(std::uint64_t sequence, const RecordView& record);
  /// Nothing was written: what was staged is in no record.
  void adopt_nothing() { staged_.clear(); }
  Result<void> erase_last(Txn& txn) const;
  /// `digests`: of the last record, read before the commit took it away.
  void forget_last(std::span<const Digest> digests);

  // window_log_coalesce.cpp: the last two settled records become one, while they are small (coalesce.h)
  /// What is to be written again with `room` bytes free, beside these departures.
  [[nodiscard]] Result<std::optional<Coalescing>> plan_coalescing(const Departures& departures, Millis ttl,
                                                                  std::uint64_t room) const;
  Result<void> write(Txn& txn, const Coalescing& coalescing) const;
  void adopt_coalesced(const RecordView& record);

 private:
  struct Match {
    Entry entry;
    LogPosition age = 0;  ///< distance from the head: larger is newer
    const LiveRecord* record = nullptr;
  };
  [[nodiscard]] LiveRange live() const;
  [[nodiscard]] DigestRun digests_at(LogPosition position) const;
  [[nodiscard]] std::optional<Match> match(const Digest& digest, LogPosition position) const;
  [[nodiscard]] std::optional<Found> find(const Digest& digest, const KeyedHash& hash, std::int64_t now_ms,
                                          std::uint64_t ttl_ms) const;
  void stage(const Entry& entry, const KeyedHash& hash);
  /// Has the entries that these may be brought into the cache.
  void prefetch_candidates(std::span<const KeyedHash> hashes, bool from_disk) const;
  void decide_chunk(std::span<const Entry> messages, std::span<const std::uint64_t> ttls_ms, bool refresh,
                    std::span<std::optional<Found>> found);
  void make_room_for(std::size_t entries);
  void depart(Departures& departures, const LiveRecord& record) const;
  void move_in_index(const Digest& digest, LogPosition from, LogPosition to);

  const Env& env_;
  const Dbi table_;
  const LogLimits limits_;
  LiveLog log_;
  GrowingIndex index_;
  GrowingIndex::DigestsAt digest_reader_;
  LogReadAhead read_ahead_;
  std::vector<Entry> staged_;
  std::uint64_t expired_entries_ = 0;
  std::uint64_t evicted_entries_ = 0;
  mutable std::uint64_t false_positives_ = 0;
  std::chrono::nanoseconds growth_{0};  ///< see take_growth()
};

}  // namespace firstseen::store
