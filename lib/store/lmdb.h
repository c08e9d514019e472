#pragma once

#include <lmdb.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"

namespace firstseen::store {

/// Typed owners for LMDB's handles. Nothing here knows what the store keeps.

using Bytes = std::span<const std::uint8_t>;

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Translates an LMDB or errno code: a full disk, a read-only file system, a full map and I/O errors pause (nothing
/// was changed), a broken environment stops. Exit::bad_data says that the file itself is damaged. `doing` completes
/// "cannot ...".
Error lmdb_error(int code, std::string_view doing, const std::filesystem::path& directory);

/// A database inside an environment; valid as long as the environment.
struct Dbi {
  MDB_dbi id = 0;
};

struct DatabaseName {
  std::string name;
  unsigned int flags = 0;  ///< MDB_INTEGERKEY
};

struct EnvOptions {
  std::filesystem::path directory;
  std::uint64_t map_bytes = 0;  ///< 0: as large as the file
  bool read_only = false;
  bool without_lock = false;  ///< nobody else may write meanwhile, and with a writer nobody read
  bool without_sync = false;
  bool may_be_cut = false;              ///< in a child process: what is missing in a cut file may end it
  bool unregistered = false;            ///< for a short-lived child process: does not take part in the one-owner rule
  std::vector<DatabaseName> databases;  ///< opened once, with the environment; see Env::database
};

/// A reader that still holds an old snapshot, and so the pages freed since.
struct OldReader {
  int pid = 0;
  std::uint64_t transaction = 0;
};

/// An LMDB environment. At most one owner per environment and process: LMDB's file locks belong to the process, so
/// opening an environment twice would silently drop them. Thread-safe; a write transaction belongs to its thread.
class Env {
 public:
  static Result<std::shared_ptr<Env>> open(const EnvOptions& options);
  /// The environment if this process has it open (a reader in the process that writes shares it), else opens it.
  static Result<std::shared_ptr<Env>> share(const EnvOptions& options);

  ~Env();
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  Env(Env&&) = delete;
  Env& operator=(Env&&) = delete;

  [[nodiscard]] MDB_env* handle() const { return env_.get(); }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] std::uint32_t page_bytes() const { return page_bytes_; }
  [[nodiscard]] std::uint64_t file_bytes() const;
  /// The size that the file may have.
  [[nodiscard]] std::uint64_t map_bytes() const;
  /// What is free on the file's file system, for this process; -1: not known.
  [[nodiscard]] std::int64_t disk_free_bytes() const;
  [[nodiscard]] std::uint64_t last_transaction() const;

  /// A database by its name; nothing when the environment does not have it.
  [[nodiscard]] std::optional<Dbi> database(std::string_view name) const;
  /// Makes the databases of a new environment: one commit.
  Result<void> create_databases(std::span<const DatabaseName> names);

  Result<void> set_without_sync(bool on);
  Result<void> sync();
  /// Has the map show these bytes of it already: the first look at a page of the file costs more than all others. A
  /// hint; an older kernel ignores it.
  void populate(Bytes bytes) const;
  /// Has the kernel begin to read these bytes of the map. A hint.
  void will_need(Bytes bytes) const;
  /// LMDB never does it by itself: frees the places in its table of readers that killed processes left, and with them
  /// the old pages that they held.
  void clear_dead_readers() const;
  /// The oldest snapshot that another transaction holds, after clearing those of dead processes.
  [[nodiscard]] std::optional<OldReader> oldest_reader() const;

 private:
  struct Close {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };
  Env(std::unique_ptr<MDB_env, Close> env, std::filesystem::path directory);
  static Result<std::shared_ptr<Env>> open_as(const EnvOptions& options, const std::filesystem::path& canonical);
  Result<void> open_databases(std::span<const DatabaseName> names);
  void advise(Bytes bytes, int advice) const;

  std::unique_ptr<MDB_env, Close> env_;
  const pid_t maker_;  ///< the process that opened it
  const std::filesystem::path directory_;
  std::filesystem::path canonical_;  ///< empty: unregistered
  std::uint32_t page_bytes_ = 0;
  std::map<std::string, Dbi, std::less<>> databases_;
};

/// A transaction; the destructor aborts what was not committed. Values point into the map and live as long as the
/// transaction (or, for the one writer, until the pages are freed).
class Txn {
 public:
  enum class Mode { read, write };
  /// A reader needs a place in a table that all processes share; if it is full of live ones: Exit::try_again.
  static Result<Txn> begin(const Env& env, Mode mode);

  /// A failed commit is an abort.
  Result<void> commit();
  /// A reader lets its snapshot go and keeps its place; renew() gives it the newest one.
  void reset() { mdb_txn_reset(txn_.get()); }
  Result<void> renew();

  Result<std::optional<Bytes>> get(Dbi dbi, Bytes key);
  Result<void> put(Dbi dbi, Bytes key, Bytes value);
  /// Room for a value at the end of an integer-keyed database; to be filled before the commit.
  Result<std::span<std::uint8_t>> append(Dbi dbi, std::uint64_t key, std::size_t bytes);
  /// Deletes a key; one that is absent is an error.
  Result<void> erase(Dbi dbi, Bytes key);
  /// Deletes a key, present or not.
  Result<void> erase_if_present(Dbi dbi, Bytes key);
  Result<MDB_stat> stat(Dbi dbi);

  /// Of the snapshot that it reads, or of the state that it makes.
  [[nodiscard]] std::uint64_t id() const { return mdb_txn_id(txn_.get()); }
  /// Did a write or the commit fail because the map is full?
  [[nodiscard]] bool met_full_map() const { return met_full_map_; }

  [[nodiscard]] MDB_txn* handle() const { return txn_.get(); }
  [[nodiscard]] const Env& env() const { return *env_; }

 private:
  struct Abort {
    void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
  };
  Txn(std::unique_ptr<MDB_txn, Abort> txn, const Env& env) : txn_(std::move(txn)), env_(&env) {}

  /// The Error of a code that is not 0.
  tl::unexpected<Error> failure(int code, std::string_view doing);

  std::unique_ptr<MDB_txn, Abort> txn_;
  const Env* env_;
  bool met_full_map_ = false;
};

/// A place in the table of readers, kept from use to use, so that none of them can find the table full.
class Reader {
 public:
  static Result<Reader> open(const Env& env);

  /// Calls `use`, a Result of a Txn, in the newest snapshot.
  template <class Use>
  std::invoke_result_t<Use, Txn&> read(Use use) {
    txn_.reset();  // an exception may have ended the last use
    if (auto renewed = txn_.renew(); !renewed) return forward(renewed.error());
    auto result = use(txn_);
    txn_.reset();
    return result;
  }

 private:
  explicit Reader(Txn txn) : txn_(std::move(txn)) {}
  Txn txn_;
};

/// Walks a database in key order.
class Cursor {
 public:
  struct Row {
    Bytes key;
    Bytes value;
  };
  static Result<Cursor> open(Txn& txn, Dbi dbi);
  /// The next row, the first at the first call; nothing at the end.
  Result<std::optional<Row>> next();
  Result<std::optional<Row>> last();

 private:
  struct Close {
    void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
  };
  Cursor(std::unique_ptr<MDB_cursor, Close> cursor, const Env& env) : cursor_(std::move(cursor)), env_(&env) {}
  Result<std::optional<Row>> move(MDB_cursor_op operation);

  std::unique_ptr<MDB_cursor, Close> cursor_;
  const Env* env_;
};

/// A key of an integer-keyed database as LMDB compares it: a native 64-bit integer.
inline Bytes integer_key(const std::uint64_t& key) { return {reinterpret_cast<const std::uint8_t*>(&key), sizeof key}; }
std::uint64_t integer_of(Bytes key);

}  // namespace firstseen::store
