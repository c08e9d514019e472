#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "dedup/measures.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// Counts of messages in settled batches, so that consumed == first_seen + duplicates + rejected + passed at any
/// moment.
struct Counters {
  std::uint64_t consumed = 0;
  std::uint64_t first_seen = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;         ///< took the rejects route (topic or drop) or were skipped by a person
  std::uint64_t passed = 0;           ///< published unchecked (on_missing: pass, rejects: pass)
  std::uint64_t consumed_bytes = 0;   ///< keys and values
  std::uint64_t published_bytes = 0;  ///< the same of what went to the output and to side topics

  // Of those counted above:
  std::uint64_t late = 0;                  ///< misses of which an entry may have been removed: they prove less
  std::uint64_t cross_partition = 0;       ///< duplicates whose first message came from another partition
  std::uint64_t clipped_timestamps = 0;    ///< ahead of the wall clock by more than window.max_skew
  std::uint64_t uncarried_timestamps = 0;  ///< published with a timestamp below 1, which the client cannot carry
  std::uint64_t rebuilt = 0;               ///< history messages read again; not consumed
  std::map<std::string, std::uint64_t> rejected_by_reason;

  std::uint64_t batches_committed = 0;
  std::uint64_t batches_aborted = 0;
  std::uint64_t restarts = 0;  ///< of the slot, after fatal errors and unknown outcomes
  std::uint64_t rebalances = 0;

  /// Adds another's figures to these.
  void add(const Counters& other);
};

enum class PartitionMode { running, rebuilding, stopped };

/// One assigned partition.
struct PartitionStatus {
  TopicPartition tp;
  PartitionMode mode = PartitionMode::running;
  std::string reason;            ///< why it is stopped and what to do
  std::int64_t next_offset = 0;  ///< the first that is not settled
  std::int64_t stream_time_ms = -1;
  std::int64_t covered_from_ms = 0;
  bool at_end = false;       ///< and all up to there is settled
  std::int64_t lag = -1;     ///< messages between next_offset and the end of the log as it was last told; -1: unknown
  std::int64_t lag_ms = -1;  ///< how long they have waited at most, see Partition::lag_ms(); -1: unknown
  bool waits = false;        ///< stopped, and goes on by itself once it can; otherwise a person is needed
};

/// One log of the store: the windows that had one ttl when it was made; of their ttls the longest.
struct WindowStatus {
  std::int64_t configured_ms = 0;
  std::int64_t effective_ms = 0;  ///< the smallest over the assigned partitions; -1: nothing assigned

  auto operator<=>(const WindowStatus&) const = default;
};

/// A person has asked that nothing be taken for now.
struct Pause {
  std::string by;             ///< who asked, and why
  std::int64_t since_ms = 0;  ///< wall clock; when
  bool drained = false;       ///< no batch is unfinished any more
};

/// A consistent picture of a slot.
struct SlotStatus {
  /// starting | joining | rebuilding | running | paused | restarting | stopped. Paused: by a person, because no batch
  /// settles (it fails again and again, or the brokers have not decided it for Standstill::patience_ms), or between two
  /// tries after any failure, as of what is rebuilding.
  std::string state;
  std::string detail;  ///< why, when it is not running
  std::optional<Pause> pause;
  Counters counters;
  Measures measures;
  std::vector<PartitionStatus> partitions;
  std::int64_t configured_window_ms = 0;
  std::int64_t effective_window_ms = 0;  ///< the smallest over the assigned partitions; -1: nothing assigned
  /// The same without those that came without a log, each until a message of it comes; unless all are such.
  std::int64_t begun_window_ms = -1;
  /// By rules: one for each of store.logs; the three above are then those of the one that is covered least. Else empty.
  std::vector<WindowStatus> windows;
  store::Stats store;
};

}  // namespace firstseen::dedup
