#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

#include "store/position_index.h"

namespace firstseen::store {

/// A position index whose memory is still being populated, step by step: some by whoever waits for it, and of a large
/// one as many as it gets to by a thread of its own, where the system gives one. For one thread otherwise.
class ComingTable {
 public:
  explicit ComingTable(std::size_t capacity);
  ~ComingTable() = default;
  ComingTable(const ComingTable&) = delete;
  ComingTable& operator=(const ComingTable&) = delete;
  ComingTable(ComingTable&&) = delete;
  ComingTable& operator=(ComingTable&&) = delete;

  /// Comes back once so many steps are done, or all; true when all are.
  bool populate(std::size_t steps);
  /// The table, once all steps are done; nothing of this may be used any more.
  [[nodiscard]] PositionIndex take();

  /// So far.
  [[nodiscard]] std::size_t populated_bytes() const { return table_.populated_bytes(done_); }
  [[nodiscard]] std::size_t bytes() const { return table_.populated_bytes(steps_); }

 private:
  bool take_step();

  PositionIndex table_;
  const std::size_t steps_;
  std::atomic<std::size_t> begun_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::jthread helper_;  ///< the last, so that it ends first
};

}  // namespace firstseen::store
