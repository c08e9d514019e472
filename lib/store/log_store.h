#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/thread_owner.h"
#include "store/coalesce.h"
#include "store/directory.h"
#include "store/growing_index.h"
#include "store/index_file.h"
#include "store/live_log.h"
#include "store/lmdb.h"
#include "store/log_read_ahead.h"
#include "store/record.h"
#include "store/seen_store.h"
#include "store/tables.h"

namespace firstseen::store {

/// Bounds of the log beside its size in bytes; tests make them small.
struct LogLimits {
  LogPosition first = 0;                            ///< of the first record; a multiple of 256
  LogPosition longest_log = LogPosition{3} << 30U;  ///< beyond this the oldest records go, as for max_size
  CoalesceLimits coalesce = {};
};

/// The seen-store on LMDB: the batch log on disk, its records and the position index in memory.
class LogStore final : public SeenStore {
 public:
  static Result<std::unique_ptr<LogStore>> open(const OpenOptions& options, const LogLimits& limits);

  ~LogStore() override = default;
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;
  LogStore(LogStore&&) = delete;
  LogStore& operator=(LogStore&&) = delete;

  [[nodiscard]] std::string id() const override { return identity_.id; }
  [[nodiscard]] const std::vector<std::string>& open_report() const override { return report_; }
  Result<void> pin(std::span<const Pin> pins) override;
  [[nodiscard]] std::optional<std::string> pinned(const std::string& name) const override;
  Result<void> set_note(const std::string& name, const std::string& value) override;
  [[nodiscard]] std::optional<std::string> note(const std::string& name) const override;
  [[nodiscard]] const std::map<TopicPartition, PartitionState>& partitions() const override { return partitions_; }

  [[nodiscard]] std::optional<Found> find(const Digest& digest, std::int64_t now_ms) const override;
  void stage(const Entry& entry) override;
  void decide(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found) override;
  [[nodiscard]] std::size_t staged() const override { return staged_.size(); }
  void drop_staged() override;

  [[nodiscard]] BatchId next_batch() const override { return {state_.sequence + 1, identity_.owner}; }
  Result<BatchId> prepare(std::span<const SourceRange> ranges, std::int64_t expire_before_ms, bool decided) override;
  [[nodiscard]] std::optional<UndecidedBatch> undecided() const override;
  void settle() override {
    user_.check();
    undecided_ = false;
  }
  Result<void> roll_back() override;
  Result<void> close_clean() override;
  std::string save_index(Millis at_most) override;
  [[nodiscard]] Stats stats() const override;

  [[nodiscard]] const GrowingIndex& index() const { return index_; }

 private:
  /// Which records leave with a commit, and what they take along.
  struct Departures {
    std::size_t from_head = 0;
    bool empty_last = false;  ///< the last record had no entries and has served its purpose
    std::uint64_t bytes = 0;
    LogPosition positions = 0;
    std::uint64_t expired_entries = 0;
    std::uint64_t evicted_entries = 0;
    std::int64_t evicted_before_ms = -1;
  };
  /// What one prepare() writes.
  struct Batch {
    BatchId id;
    std::vector<SourceRange> ranges;  ///< with `before`
    std::int64_t expire_before_ms = 0;
    bool decided = false;
    bool has_record = true;  ///< a decided batch without entries needs none
  };
  /// Two records that a commit writes again as one.
  struct Coalescing {
    CoalescedRecord record;
    RecordWriter writer;  ///< of `record`
    std::uint64_t older = 0;
    std::uint64_t newer = 0;
  };
  /// Where the map holds what a commit wrote.
  struct CommittedRecords {
    std::optional<RecordView> coalesced;
    std::optional<RecordView> batch;
  };
  struct Match {
    Entry entry;
    LogPosition age = 0;  ///< distance from the head: larger is newer
    const LiveRecord* record = nullptr;
  };

  LogStore(const OpenOptions& options, const LogLimits& limits, OwnerLock lock, std::uint64_t secret);

  // log_store_open.cpp
  Result<void> recover();
  Result<void> open_environment();
  Result<void> create_tables();
  Result<void> load();
  Result<void> check_world() { return check_pins(options_.pins); }
  Result<void> pin_world() { return pin(options_.pins); }
  Result<void> take_ownership();
  Result<void> apply_durability();
  Result<void> mark_unsynced();

  // log_store_index.cpp
  Result<void> load_records(Txn& txn);
  std::optional<IndexFile> find_saved_index(const Txn& txn);
  bool load_index(const IndexFile& saved);
  std::optional<std::uint64_t> read_index();
  Result<void> forget_saved_index();
  [[nodiscard]] LogExtent extent() const;

  // log_store_write.cpp
  [[nodiscard]] Result<void> check_pins(std::span<const Pin> pins) const;
  Result<Txn> begin_write();
  Result<void> write_texts(TextKind kind, std::span<const Pin> texts);
  Departures expired(std::int64_t expire_before_ms) const;
  void depart(Departures& departures, const LiveRecord& record) const;
  /// Adds the oldest settled records until the batch fits; fails (pause) when it does not fit an empty store.
  Result<void> evict_for(Departures& departures, std::uint64_t used, std::uint64_t needed, LogPosition positions) const;
  Result<void> erase_departed(Txn& txn, const Departures& departures) const;
  void evict_next(Departures& departures) const;
  Result<void> try_prepare(const Batch& batch, const RecordWriter& writer, bool may_coalesce, bool& map_full);
  Result<void> write_batch(Txn& txn, const Batch& batch, const RecordWriter& writer, const LogState& state) const;
  Result<CommittedRecords> read_back(const Batch& batch, const std::optional<Coalescing>& coalescing) const;
  void adopt_batch(const Batch& batch, const LogState& state, const std::optional<RecordView>& record);
  [[nodiscard]] std::size_t least_record_bytes() const;
  [[nodiscard]] std::uint64_t value_pages_bytes(std::uint64_t size) const;
  Result<void> evict_early(std::uint64_t bytes);
  Result<RecordView> committed_record(std::uint64_t sequence) const;
  void forget_departed(const Departures& departures);
  LogState state_with(const Departures& departures, std::int64_t expire_before_ms) const;

  // log_store_coalesce.cpp
  Result<std::optional<Coalescing>> plan_coalescing(const Departures& departures, std::uint64_t used) const;
  Result<void> write_coalesced(Txn& txn, const Coalescing& coalescing) const;
  void adopt_coalesced(const RecordView& record);
  void move_in_index(const Digest& digest, LogPosition from, LogPosition to);

  // log_store.cpp
  [[nodiscard]] LiveRange live() const;
  [[nodiscard]] const std::uint8_t* digest_at(LogPosition position) const;
  [[nodiscard]] std::optional<Match> match(const Digest& digest, LogPosition position) const;
  [[nodiscard]] std::optional<Found> find(const Digest& digest, const KeyedHash& hash, std::int64_t now_ms) const;
  void stage(const Entry& entry, const KeyedHash& hash);
  void decide_chunk(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found);
  void make_room_for(std::size_t entries);

  ThreadOwner user_;
  const OpenOptions options_;
  const LogLimits limits_;
  OwnerLock lock_;
  std::shared_ptr<Env> env_;  // after lock_: closed before the lock is given back
  Tables tables_;
  mutable std::optional<Reader> reader_;  ///< what was committed can be read, however many others read
  std::string boot_id_;
  bool marked_unsynced_ = false;

  Identity identity_;
  LogState state_;  ///< as of the last commit
  Texts pins_;
  Texts notes_;
  std::map<TopicPartition, PartitionState> partitions_;
  LiveLog log_;
  GrowingIndex index_;
  GrowingIndex::DigestAt digest_reader_;
  LogReadAhead read_ahead_;
  std::vector<Entry> staged_;
  bool undecided_ = false;
  bool lost_commit_ = false;  ///< a commit could not be read back: the data file is ahead, and is written no more

  std::string index_origin_;
  bool index_saved_ = false;  ///< the next write removes the file first
  std::vector<std::string> report_;
  std::uint64_t expired_entries_ = 0;
  std::uint64_t evicted_entries_ = 0;
};

}  // namespace firstseen::store
