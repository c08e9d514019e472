#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace firstseen::plan {

/// What is to be carried.
struct Workload {
  double messages_per_s = 0;  ///< above 0
  double unique_share = 1;    ///< of the messages that bring a new key; above 0, at most 1
  std::uint32_t partitions = 12;
  Millis ttl{0};
  Millis commit_interval{0};
  std::uint64_t max_batch = 0;
  std::uint64_t prefetch_bytes = 0;             ///< kafka.prefetch_bytes; what it has above the default counts
  bool refresh_on_duplicate = false;            ///< then duplicates make entries, too
  std::optional<std::uint64_t> max_size_bytes;  ///< store.max_size, if it is chosen already
  bool several_ttls = false;                    ///< key.rules has several, each a log: no stop saves the index
};

/// What there is; nothing: not known.
struct Machine {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> free_disk_bytes;  ///< where the store is to be
  unsigned cores = 1;
};

/// What a store with the whole window in it needs. Bytes and counts are estimates, and as such not whole numbers.
struct Plan {
  double entries_per_s = 0;
  double entries = 0;             ///< in the store, those included that stay a little longer than they count
  double entries_per_record = 0;  ///< small batches are written again as one record
  double positions = 0;           ///< of the index's, see lib/store/README.md
  double disk_bytes = 0;
  double index_bytes = 0;                ///< at rest, at most
  double index_bytes_growing = 0;        ///< while a table grows, at most
  double memory_beside_index_bytes = 0;  ///< at most
  double memory_bytes = 0;               ///< of the process, while the index grows
  double start_after_kill_s = 0;         ///< with that many cores for itself, and the log in the page cache
  double start_after_clean_stop_s = 0;
  std::uint64_t max_size_bytes = 0;  ///< to set as store.max_size: a quarter more than disk_bytes
  double disk_to_keep_bytes = 0;     ///< the file at its largest with that max_size, and a saved index beside it
  double covered_share = 1;          ///< of the window, where a bound is met
  std::vector<std::string> warnings;

  [[nodiscard]] double disk_bytes_per_key() const { return disk_bytes / entries; }
};

/// The most positions that one store's index has.
double most_positions();

Plan make_plan(const Workload& workload, const Machine& machine);

/// Bytes of `store stats`' used_bytes that records of so many entries take, each over `partitions` partitions with
/// `messages` messages; from the format in lib/store/README.md.
double record_bytes(double entries, double messages, std::uint32_t partitions, double span_ms);

}  // namespace firstseen::plan
