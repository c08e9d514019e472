#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "store/seen_store.h"

namespace firstseen::store {

/// Read-only views of a store, beside a running daemon or without one (LMDB snapshots). Nothing is changed, the
/// daemon's lock is not needed.

/// Facts of a store on disk; index_bytes is 0.
struct Inspection {
  std::string id;
  std::uint32_t format = 0;
  Durability durability = Durability::power_loss;
  Millis ttl{0};                ///< with windows: the longest
  std::vector<Window> windows;  ///< empty: one, of `ttl`
  std::int64_t created_ms = 0;
  Stats stats;
  std::uint64_t saved_index_bytes = 0;  ///< of the file that a clean stop left; 0: there is none
  std::map<TopicPartition, PartitionState> partitions;
  std::map<std::string, std::string> pins;
  std::map<std::string, std::string> notes;
  std::optional<UndecidedBatch> undecided;
};
Result<Inspection> inspect(const std::filesystem::path& directory);

/// One entry of the log with where it came from.
struct LogEntry {
  BatchId batch;
  TopicPartition source;
  Entry entry;
  std::size_t log = 0;  ///< which of Stats::logs
};

/// Every entry of `digest` in log order, tombstones too, whatever its age: one scan of all logs.
Result<std::vector<LogEntry>> lookup(const std::filesystem::path& directory, const Digest& digest);

/// Calls `visit` for every entry, log by log, in their order; stops when it returns false.
Result<void> scan(const std::filesystem::path& directory, const std::function<bool(const LogEntry&)>& visit);

/// What verify found: every checksum, the order of the records, positions, ranges, partitions against records.
struct Verification {
  std::uint64_t records = 0;
  std::uint64_t entries = 0;
  std::vector<std::string> problems;  ///< empty: sound
};
Result<Verification> verify(const std::filesystem::path& directory);

}  // namespace firstseen::store
