#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "idempotency/owner_files.h"
#include "idempotency/result_store.h"
#include "store/lmdb.h"

namespace firstseen::idempotency {

inline constexpr std::uint32_t store_format = 1;
inline constexpr const char* owners_folder = "owners";
inline constexpr const char* open_lock_file = "open.lock";

/// The databases of the environment: lib/idempotency/README.md.
struct Tables {
  store::Dbi meta;
  store::Dbi records;
  store::Dbi values;
  store::Dbi payloads;
};

/// Lookups that are not on disk yet.
struct PendingCounts {
  std::map<std::string, std::uint64_t> accesses;  ///< by key
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;

  [[nodiscard]] bool empty() const { return hits + misses == 0; }
};

class LmdbStore final : public ResultStore {
 public:
  LmdbStore(std::shared_ptr<store::Env> env, const Tables& tables, const Clock* clock);
  ~LmdbStore() override;
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;
  LmdbStore(LmdbStore&&) = delete;
  LmdbStore& operator=(LmdbStore&&) = delete;

  Result<Put> put_if_new(const Record& record, std::string_view payload) override;
  Result<std::optional<Record>> get(const Key& key) override;
  Result<std::optional<Record>> peek(const Key& key) override;
  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) override;
  Result<bool> erase(const Key& key) override;
  Result<bool> erase_if(const Record& expected) override;
  Result<std::optional<std::string>> payload(const Key& key) override;
  Result<std::uint64_t> sweep() override;
  Result<void> for_each(const std::function<bool(const Record&)>& visit) override;
  Result<StoreStats> stats() override;
  Result<std::unique_ptr<Owner>> enlist() override;
  bool alive(const std::string& owner_id) override { return owners_.alive(owner_id); }

 private:
  /// May be run a second time, when the first one was not committed.
  using Work = std::function<Result<void>(store::Txn&)>;
  /// Whether to go on to the next row; the bytes are a record's as decode_record() takes them.
  using Visit = std::function<Result<bool>(const Key&, store::Bytes)>;

  /// One durable commit of `work`, with the counts so far if they can be written.
  Result<void> write(const Work& work);
  Result<void> try_write(const Work& work, const PendingCounts& counts, bool& full);
  Result<void> turn_pages();
  /// Fails when too little of the store would be left for the ends of the operations that run.
  Result<void> leave_reserve(store::Txn& txn) const;
  Result<store::Txn> begin_read();

  /// The record as it is on disk, expired or not; `with_value` says whether to copy its outcome's value too.
  Result<std::optional<Record>> fetch(store::Txn& txn, const Key& key, bool with_value);
  /// The record if it has not expired.
  Result<std::optional<Record>> find(store::Txn& txn, const Key& key);
  Result<void> save(store::Txn& txn, const Record& record);
  Result<void> remove(store::Txn& txn, const Key& key);
  Result<std::uint64_t> next_token(store::Txn& txn);
  /// The records as they are on disk, in the order of their keys.
  Result<void> each_row(store::Txn& txn, const Visit& visit);
  Result<std::vector<Key>> expired_keys();

  /// Counts a lookup; adds the accesses that are not on disk yet to the record.
  void count(const Key& key, std::optional<Record>& found);
  PendingCounts take_counts();
  Result<void> write_counts(store::Txn& txn, const PendingCounts& counts);
  /// Writes the counts down; drops them where that fails.
  void flush_counts();

  const pid_t maker_;
  const std::shared_ptr<store::Env> env_;
  const Tables tables_;
  const SystemClock system_clock_;
  const Clock& clock_;
  const OwnerFiles owners_;

  std::mutex counts_mutex_;
  PendingCounts pending_;  // guarded by counts_mutex_
};

/// A number in `meta`; 0 when it is absent.
Result<std::uint64_t> read_number(store::Txn& txn, store::Dbi meta, std::string_view name);
Result<void> write_number(store::Txn& txn, store::Dbi meta, std::string_view name, std::uint64_t value);

}  // namespace firstseen::idempotency
