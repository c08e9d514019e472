#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace firstseen::simulation {

/// Numbers every transaction (and, with at_least_once, every batch) of a run; 0: written outside of any.
using TxnId = std::int64_t;
inline constexpr TxnId no_txn = 0;

struct Header {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const Header&) const = default;
};

struct Record {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<Header> headers;
  std::int64_t timestamp_ms = -1;
  bool operator==(const Record&) const = default;
};

/// One offset of a log: a message, or the marker that ends a transaction.
struct LogEntry {
  Record record;
  TxnId txn = no_txn;
  bool marker = false;
};

/// A partition's log as a broker keeps it: messages, control markers, the aborted transactions, the log start.
class PartitionLog {
 public:
  /// A message outside of transactions; `txn` only says for the oracle which batch it came from.
  std::int64_t append(Record record, TxnId txn = no_txn);
  /// A message of an open transaction: invisible to read_committed readers, and bounds the last stable offset.
  std::int64_t append_transactional(Record record, TxnId txn);
  /// Ends a transaction in this partition; a marker takes an offset of its own.
  void append_marker(TxnId txn, bool committed);

  [[nodiscard]] std::int64_t start() const { return start_; }
  [[nodiscard]] std::int64_t end() const { return static_cast<std::int64_t>(entries_.size()); }
  /// The first offset that a read_committed reader may not see yet.
  [[nodiscard]] std::int64_t last_stable() const;
  /// Is there a message at this offset for a read_committed reader (whatever the log start)?
  [[nodiscard]] bool visible(std::int64_t offset) const;
  [[nodiscard]] const LogEntry& at(std::int64_t offset) const { return entries_.at(static_cast<std::size_t>(offset)); }
  /// Retention: the log begins at `offset` now.
  void truncate_head(std::int64_t offset);

 private:
  std::vector<LogEntry> entries_;
  std::int64_t start_ = 0;
  std::map<TxnId, std::int64_t> open_;  // first offset of every open transaction
  std::set<TxnId> aborted_;
};

}  // namespace firstseen::simulation
