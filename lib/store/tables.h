#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "store/lmdb.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// What the databases `meta` and `partitions` hold, and how it is written. README.md beside this file gives the bytes.

/// The version of the whole layout; a newer one is refused. A store with windows has the second, any other the first.
inline constexpr std::uint32_t plain_format = 1;
inline constexpr std::uint32_t format_version = 2;

/// A window and the log that holds its keys for the life of the store.
struct WindowRow {
  std::string name;
  std::int64_t ttl_ms = 0;
  std::uint32_t log = 0;
};

/// Made with the store, or by each opening.
struct Identity {
  std::uint32_t format = plain_format;
  std::string id;               ///< 32 hexadecimal digits
  std::int64_t created_ms = 0;  ///< wall clock
  std::uint64_t owner = 0;      ///< of the process that may write
  Durability durability = Durability::power_loss;
  std::int64_t ttl_ms = 0;  ///< with windows: the longest
  std::uint64_t max_size_bytes = 0;
  std::vector<WindowRow> windows;  ///< empty: one, of ttl_ms, in the first log

  [[nodiscard]] std::size_t log_count() const;
};

/// Of one log.
struct LogBounds {
  std::uint64_t last_record = 0;  ///< its last key; 0: empty
  std::int64_t swept_before_ms = -1;
  std::int64_t evicted_before_ms = -1;
  std::int64_t removed_before_ms = -1;  ///< in a row of its own, which an earlier program does not know

  bool operator==(const LogBounds&) const = default;
};

/// Changes with every commit.
struct LogState {
  std::uint64_t sequence = 0;       ///< the highest ever given to a batch
  std::uint64_t settled = 0;        ///< batches up to here are history
  std::vector<LogBounds> logs{{}};  ///< at least one

  bool operator==(const LogState&) const = default;
};

/// A partition's state and the batch that brought it.
struct PartitionRow {
  PartitionState state;
  std::uint64_t changed_by = 0;
};

using Texts = std::map<std::string, std::string>;
using PartitionRows = std::map<TopicPartition, PartitionRow>;

/// The databases of an environment.
struct Tables {
  std::vector<Dbi> logs;  ///< `log`, `log:1`, ...: as many as there are
  Dbi partitions;
  Dbi meta;

  /// Those that every store has.
  static std::vector<DatabaseName> base_names();
  /// Those and all logs that a store may have.
  static std::vector<DatabaseName> names();
  /// The logs behind the first, of a store with so many.
  static std::vector<DatabaseName> further_logs(std::size_t count);
  /// Nothing when one of them is missing: not a store.
  static std::optional<Tables> of(const Env& env);
};

/// Reading; a value that is missing or fails its checksum is an Error (bad_data).
Result<Identity> read_identity(Txn& txn, const Tables& tables);
Result<LogState> read_log_state(Txn& txn, const Tables& tables);
/// Pins or notes, by name.
enum class TextKind { pin, note };
Result<Texts> read_texts(Txn& txn, const Tables& tables, TextKind kind);
Result<PartitionRows> read_partitions(Txn& txn, const Tables& tables);

Result<void> write_identity(Txn& txn, const Tables& tables, const Identity& identity);
Result<void> write_log_state(Txn& txn, const Tables& tables, const LogState& state);
Result<void> write_text(Txn& txn, const Tables& tables, TextKind kind, const std::string& name,
                        const std::string& value);
Result<void> write_partition(Txn& txn, const Tables& tables, const TopicPartition& tp, const PartitionRow& row);
Result<void> erase_partition(Txn& txn, const Tables& tables, const TopicPartition& tp);

/// Bytes of all pages in use, those of the environment itself included.
Result<std::uint64_t> used_bytes(Txn& txn, const Tables& tables);

/// Visits every row of a log in order, until `visit` returns false.
struct LogRow {
  std::uint64_t sequence = 0;
  Bytes value;
};
Result<void> for_each_record(Txn& txn, Dbi log, const std::function<bool(const LogRow&)>& visit);

}  // namespace firstseen::store
