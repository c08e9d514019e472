#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include "store/seen_store.h"

/// What a store should hold, kept in the plainest way.
namespace firstseen::store::test {

/// A record of one log.
struct ModelRecord {
  BatchId id;
  std::vector<SourceRange> ranges;
  std::vector<Entry> entries;

  [[nodiscard]] std::int64_t min_time() const { return std::ranges::min(entries, {}, &Entry::time_ms).time_ms; }
  [[nodiscard]] std::int64_t max_time() const {
    std::int64_t latest = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      latest = i == 0 ? entries[i].time_ms : std::max(latest, entries[i].time_ms);
    }
    return latest;
  }
};

/// One log of the model.
struct ModelLog {
  std::vector<ModelRecord> records;
  std::vector<Entry> staged;
  std::int64_t swept = -1;
  std::int64_t evicted = -1;
  std::int64_t removed = -1;

  [[nodiscard]] std::uint64_t entries() const {
    std::uint64_t count = 0;
    for (const ModelRecord& record : records) count += record.entries.size();
    return count;
  }
};

struct Model {
  std::vector<ModelLog> logs;
  std::vector<std::size_t> log_of;  ///< by window
  std::vector<std::int64_t> ttls;   ///< by window
  std::map<TopicPartition, PartitionState> partitions;
  std::optional<ModelRecord> undecided;

  [[nodiscard]] std::optional<std::int64_t> find(const Digest& digest, std::int64_t now, std::uint8_t window) const {
    std::optional<std::int64_t> nearest;
    const auto visit = [&](const Entry& entry) {
      if (entry.digest != digest) return;
      if (entry.kind == EntryKind::forgotten) {
        nearest.reset();
      } else if (std::abs(now - entry.time_ms) <= ttls[window]) {
        if (!nearest || std::abs(now - entry.time_ms) <= std::abs(now - *nearest)) nearest = entry.time_ms;
      }
    };
    const ModelLog& log = logs[log_of[window]];
    for (const ModelRecord& record : log.records) std::for_each(record.entries.begin(), record.entries.end(), visit);
    std::for_each(log.staged.begin(), log.staged.end(), visit);
    return nearest;
  }

  /// The longest ttl of a log's windows.
  [[nodiscard]] std::int64_t ttl_of_log(std::size_t log) const {
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < ttls.size(); ++i) longest = log_of[i] == log ? std::max(longest, ttls[i]) : longest;
    return longest;
  }

  /// What has left a log by its ttl has left early when that grows.
  void change_ttls(const std::vector<std::int64_t>& other) {
    const Model before = *this;
    ttls = other;
    for (std::size_t log = 0; log < logs.size(); ++log) {
      if (ttl_of_log(log) > before.ttl_of_log(log)) logs[log].evicted = std::max(logs[log].evicted, logs[log].swept);
    }
  }

  [[nodiscard]] std::uint64_t staged() const {
    std::uint64_t count = 0;
    for (const ModelLog& log : logs) count += log.staged.size();
    return count;
  }
};

}  // namespace firstseen::store::test
