#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_owner.h"
#include "store/directory.h"
#include "store/index_file.h"
#include "store/lmdb.h"
#include "store/record.h"
#include "store/seen_store.h"
#include "store/tables.h"
#include "store/window_log.h"

namespace firstseen::store {

/// The seen-store on LMDB: one log or several, one commit for them all.
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
  [[nodiscard]] const std::string& open_loss() const override { return loss_; }
  Result<void> pin(std::span<const Pin> pins) override;
  [[nodiscard]] std::optional<std::string> pinned(const std::string& name) const override;
  Result<void> set_ttls(Millis ttl, std::span<const Millis> windows) override;
  Result<void> set_note(const std::string& name, const std::string& value) override;
  [[nodiscard]] std::optional<std::string> note(const std::string& name) const override;
  [[nodiscard]] const std::map<TopicPartition, PartitionState>& partitions() const override { return partitions_; }

  using SeenStore::find;
  [[nodiscard]] std::optional<Found> find(const Digest& digest, std::int64_t now_ms,
                                          std::uint8_t window) const override;
  void stage(const Entry& entry) override;
  void decide(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found) override;
  [[nodiscard]] std::size_t staged() const override;
  void drop_staged() override;

  [[nodiscard]] BatchId next_batch() const override { return {state_.sequence + 1, identity_.owner}; }
  Result<BatchId> prepare(std::span<const SourceRange> ranges, std::int64_t expire_before_ms, bool decided) override;
  [[nodiscard]] std::optional<UndecidedBatch> undecided() const override;
  void settle() override {
    user_.check();
    undecided_ = false;
  }
  Result<void> note_settled() override;
  Result<void> roll_back() override;
  Result<void> close_clean() override;
  std::string save_index(Millis at_most) override;
  void removed_before(std::vector<std::int64_t>& by_window) const override;
  [[nodiscard]] Stats stats() const override;

  [[nodiscard]] const GrowingIndex& index() const { return logs_.front().index(); }

 private:
  /// What one prepare() writes to one log.
  struct LogBatch {
    std::vector<SourceRange> ranges;  ///< of the record
    std::vector<Entry> entries;       ///< of the record, where they are not the staged ones as they are
    std::optional<RecordWriter> writer;
  };
  /// What one prepare() writes.
  struct Batch {
    BatchId id;
    std::vector<SourceRange> ranges;  ///< with `before`
    std::int64_t expire_before_ms = 0;
    bool decided = false;
    std::vector<LogBatch> logs;

    [[nodiscard]] std::uint64_t record_bytes(const Env& env) const;
  };
  /// What a commit changes in one log beside the batch's record.
  struct Change {
    Departures departures;
    std::optional<Coalescing> coalescing;
  };
  /// Where the map holds what a commit wrote to one log.
  struct CommittedRecords {
    std::optional<RecordView> coalesced;
    std::optional<RecordView> batch;
  };
  /// The messages of a decide() that are one log's.
  struct Share {
    std::vector<Entry> messages;
    std::vector<std::size_t> places;
    std::vector<std::optional<Found>> found;
  };

  LogStore(const OpenOptions& options, const LogLimits& limits, OwnerLock lock);

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

  // log_store.cpp
  [[nodiscard]] LogStats stats_of(std::size_t number) const;

  // log_store_windows.cpp
  Result<void> arrange_windows();
  Result<void> make_logs();
  void use_windows();
  void add_logs(std::size_t count);

  // log_store_index.cpp
  Result<void> load_records(Txn& txn);
  [[nodiscard]] Result<std::optional<std::uint64_t>> read_logs(Txn& txn);
  std::optional<IndexFile> find_saved_index(const Txn& txn);
  bool load_index(const IndexFile& saved);
  std::optional<std::uint64_t> read_index();
  Result<void> forget_saved_index();
  [[nodiscard]] LogExtent extent() const;
  [[nodiscard]] std::uint64_t entries() const;
  [[nodiscard]] std::size_t records() const;
  [[nodiscard]] std::size_t index_bytes() const;

  // log_store_write.cpp
  [[nodiscard]] Result<void> check_pins(std::span<const Pin> pins) const;
  Result<Txn> begin_write();
  Result<void> commit(Txn& txn);
  Result<void> write_texts(TextKind kind, std::span<const Pin> texts);
  /// The horizon of a log, of a batch's for the longest window.
  [[nodiscard]] std::int64_t horizon_of(std::size_t log, std::int64_t expire_before_ms) const;
  [[nodiscard]] std::vector<Change> expired(std::int64_t expire_before_ms) const;
  /// The log that loses its oldest record when there is too little space; nothing when all are empty.
  [[nodiscard]] std::optional<std::size_t> evicted_next(std::span<const Change> changes) const;
  /// Adds the oldest settled records until the batch fits; fails (pause) when it does not fit an empty store.
  Result<void> evict_for(std::span<Change> changes, const Batch& batch, std::uint64_t used, std::uint64_t needed) const;
  Result<void> plan_coalescing(std::span<Change> changes, const Batch& batch, std::uint64_t used) const;
  Result<void> plan_batch(Batch& batch) const;
  [[nodiscard]] Result<void> does_not_fit(std::uint64_t needed) const;
  Result<void> try_prepare(const Batch& batch, bool may_coalesce, bool& map_full);
  Result<void> write_changes(Txn& txn, std::span<const Change> changes) const;
  Result<void> write_batch(Txn& txn, const Batch& batch, const LogState& state) const;
  Result<std::vector<CommittedRecords>> read_back(const Batch& batch, std::span<const Change> changes) const;
  void adopt(const Batch& batch, const LogState& state, std::span<const Change> changes,
             std::span<const CommittedRecords> records);
  void end_batch();
  Result<void> evict_early(std::uint64_t bytes);
  Result<RecordView> committed_record(const WindowLog& log, std::uint64_t sequence) const;
  [[nodiscard]] LogState state_with(std::span<const Change> changes, std::span<const SourceRange> ranges,
                                    std::int64_t expire_before_ms) const;

  // log_store_absent.cpp
  [[nodiscard]] std::int64_t covered_from(std::span<const SourceRange> ranges) const;
  [[nodiscard]] std::int64_t absent_before(std::size_t number, const LogBounds& log,
                                           std::int64_t covered_from_ms) const;

  // log_store_undo.cpp
  Result<void> write_rollback(std::span<WindowLog* const> logs, std::span<const SourceRange> ranges,
                              const LogState& state);

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
  std::deque<WindowLog> logs_;           ///< at least one; the first leads: every undecided batch has a record in it
  std::vector<std::uint8_t> log_of_;     ///< by window, index into logs_
  std::vector<std::uint64_t> ttls_ms_;   ///< by window
  std::vector<std::int64_t> retain_ms_;  ///< by log: the longest of its windows
  std::vector<std::int64_t> least_ms_;   ///< by log: the shortest of its windows
  std::int64_t longest_ms_ = 0;          ///< of retain_ms_
  std::vector<Share> shares_;            ///< by log; empty between two calls of decide()
  Histogram flushes_;
  std::chrono::nanoseconds longest_growth_{0};  ///< see Stats
  bool undecided_ = false;
  bool state_changed_ = false;  ///< by this opening, which has not written it yet
  bool lost_commit_ = false;    ///< a commit could not be read back: the data file is ahead, and is written no more

  std::string index_origin_;
  bool index_saved_ = false;  ///< the next write removes the file first
  std::vector<std::string> report_;
  std::string loss_;
};

}  // namespace firstseen::store
