#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/growing_index.h"
#include "store/live_log.h"

namespace firstseen::store {

/// Fills an index from the log with several threads, and in an order in which the memory is fast. A random line costs a
/// wait for the memory, and no two threads may touch the same line. So entries are first sorted into buckets, each of
/// which is one stretch of the table; when an eighth of all has been collected, each bucket is inserted by one thread,
/// whose cache holds that stretch. The entries that wait take 2 to 4 bytes per key of the log.
class IndexBuilder {
 public:
  /// Starts the index over, with room for the entries of `log`; both must outlive the builder.
  IndexBuilder(GrowingIndex& index, const LiveLog& log, std::size_t workers);

  [[nodiscard]] std::size_t workers() const { return workers_.size(); }
  /// Takes a record's entries. Different workers may do so at the same time.
  void add(std::size_t worker, const LiveRecord& record);
  /// To be called now and then, by one thread, while no worker adds: inserts what waits if that is enough.
  void insert_if_enough();
  /// Inserts what still waits.
  void finish();

 private:
  struct Waiting {
    std::uint64_t lines = 0;
    LogPosition position = 0;
    std::uint16_t print = 0;  ///< as much of it as the fingerprint needs
  };
  struct alignas(64) Worker {
    std::vector<std::vector<Waiting>> buckets;
    std::size_t waiting = 0;
    std::vector<LogPosition> aside;  ///< positions of entries that found no room in their lines
  };
  void insert_all();
  void insert_bucket(Worker& worker, std::size_t bucket);
  void insert(Worker& worker, const std::vector<Waiting>& entries);

  GrowingIndex& index_;
  const LiveLog& log_;
  PositionIndex& table_;
  LiveRange live_;
  std::size_t enough_;
  std::size_t regions_per_bucket_;
  std::size_t buckets_;
  bool populated_ = false;
  std::vector<Worker> workers_;
};

}  // namespace firstseen::store
