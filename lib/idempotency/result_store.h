#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/file_descriptor.h"
#include "idempotency/record.h"

namespace firstseen::idempotency {

/// Proof of life of whoever makes attempts: as long as this object exists in a process that runs, alive(id()) holds for
/// everybody who shares the store. It ends with the process, however that ends, and those with copy_for_child().
class Owner {
 public:
  virtual ~Owner() = default;
  [[nodiscard]] virtual const std::string& id() const = 0;
  /// For a child process that does the owner's work: where the owner dies, alive(id()) holds until nobody has this
  /// descriptor open any more. The owner's own end in order is not put off. Not one of 0 to 2, FD_CLOEXEC is set. -1
  /// where owners do not outlive the process anyway.
  [[nodiscard]] virtual Result<FileDescriptor> copy_for_child() const { return FileDescriptor(); }
};

struct StoreStats {
  std::uint64_t total = 0;    ///< records that have not expired
  std::uint64_t expired = 0;  ///< expired ones that no sweep has removed yet
  std::uint64_t in_progress = 0;
  std::uint64_t abandoned = 0;  ///< of those in progress: the maker died, or let the lease run out
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t hits = 0;    ///< lookups that found a record, since the store was made
  std::uint64_t misses = 0;  ///< lookups that did not
  Millis mean_ttl{0};        ///< mean time that the unexpired records have left which expire at all
  std::uint64_t file_bytes = 0;
  /// Share of the lookups that found a record; 0 without lookups.
  [[nodiscard]] double hit_rate() const;
};

/// Records of operations by key. Every call is one atomic step for all threads and, where the store is shared, all
/// processes. A record of an attempt that has ended is absent from the millisecond expires_at_ms on, whether a sweep
/// has removed it or not; one in progress stays until it has ended or is erased. Thread-safe. Errors are those of the
/// implementation (disk full: Action::pause, nothing was changed).
class ResultStore {
 public:
  struct Put {
    bool is_new = false;
    Record record;  ///< as it stands now: the new one with its token, or the one that was there
  };
  enum class Token { keep, advance };

  ResultStore() = default;
  virtual ~ResultStore() = default;
  ResultStore(const ResultStore&) = delete;
  ResultStore& operator=(const ResultStore&) = delete;
  ResultStore(ResultStore&&) = delete;
  ResultStore& operator=(ResultStore&&) = delete;

  /// Adds the record with a new token unless its key has one. `payload` (what the operation was asked to do, any bytes)
  /// is kept beside it for audit unless empty. Counts as a lookup. A store that is nearly full refuses new records
  /// (Action::pause), so that those that it has can be replaced.
  virtual Result<Put> put_if_new(const Record& record, std::string_view payload) = 0;
  /// The record, counted as an access (a statistic: a crash may lose the last ones, and a full store has no room for
  /// them).
  virtual Result<std::optional<Record>> get(const Key& key) = 0;
  /// The record, not counted.
  virtual Result<std::optional<Record>> peek(const Key& key) = 0;
  /// Puts `desired` in the place of the record of its key if that has still the status, token and lease of `expected`.
  /// Nothing when it has not, or there is none. access_count goes on counting. Returns the record as it stands now;
  /// with Token::advance it has a new token.
  virtual Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) = 0;
  /// Removes the record and its payload; false when there is none.
  virtual Result<bool> erase(const Key& key) = 0;
  /// Removes the record and its payload if it has still the status, token and lease of `expected`; false when it has
  /// not, or there is none.
  virtual Result<bool> erase_if(const Record& expected) = 0;
  virtual Result<std::optional<std::string>> payload(const Key& key) = 0;
  /// Removes the expired records; returns how many.
  virtual Result<std::uint64_t> sweep() = 0;
  /// Visits the records that have not expired, by key, until the visitor returns false. The visitor must be quick (disk
  /// space freed meanwhile is not used again) and must not call the store.
  virtual Result<void> for_each(const std::function<bool(const Record&)>& visit) = 0;
  virtual Result<StoreStats> stats() = 0;

  /// A new owner of attempts. It may outlive the store.
  virtual Result<std::unique_ptr<Owner>> enlist() = 0;
  /// Does the owner of this id live? In doubt (no permission to look), yes.
  virtual bool alive(const std::string& owner_id) = 0;
};

struct LmdbStoreOptions {
  std::filesystem::path directory;              ///< made, mode 0700, when its parent is there; a local disk
  std::uint64_t max_size_bytes = 16ULL << 30U;  ///< of a new store, fixed for good; the file takes only what it needs
  const Clock* clock = nullptr;                 ///< must outlive the store; default: the machine's
  bool must_exist = false;                      ///< Exit::config instead of making a new store
};

/// A durable store: an LMDB environment that any number of processes on this machine may have open. Every change is on
/// disk (fsync) when the call returns. Fails without changing anything on a directory that is no such store or is of a
/// newer format (Exit::config), or cannot be used (Exit::io). A forked child must not use its parent's store: it opens
/// its own after exec.
Result<std::unique_ptr<ResultStore>> open_lmdb_store(const LmdbStoreOptions& options);

/// A store for the threads of this process, gone with it. `clock` must outlive it; default: the machine's.
std::unique_ptr<ResultStore> make_memory_store(const Clock* clock = nullptr);

/// Does the directory hold a store that open_lmdb_store made? Looks at names of files only.
bool looks_like_lmdb_store(const std::filesystem::path& directory);

}  // namespace firstseen::idempotency
