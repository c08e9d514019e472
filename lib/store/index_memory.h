#pragma once

#include <cstddef>
#include <span>

#include "store/index_line.h"

namespace firstseen::store {

/// Zeroed memory for the lines of an index, in huge pages where the kernel gives them: a lookup goes to two random
/// lines, and with small pages most of its time goes into finding their addresses. Throws std::bad_alloc.
class IndexMemory {
 public:
  explicit IndexMemory(std::size_t lines);
  ~IndexMemory();
  IndexMemory(IndexMemory&& other) noexcept;
  IndexMemory& operator=(IndexMemory&& other) noexcept;
  IndexMemory(const IndexMemory&) = delete;
  IndexMemory& operator=(const IndexMemory&) = delete;

  /// Has the kernel give the next 2 MiB their pages, which takes it milliseconds at worst; until then the first touch
  /// of each would. True once all have them.
  bool populate_step();
  /// Gives 32 MiB back, from the end, which without huge pages takes milliseconds, too. True once nothing is left; the
  /// lines must not be used any more from the first step on.
  bool release_step();

  [[nodiscard]] std::size_t bytes() const { return mapped_.size(); }
  /// What populate_step() has brought in so far.
  [[nodiscard]] std::size_t populated_bytes() const { return populated_ * sizeof(IndexLine); }
  [[nodiscard]] std::span<IndexLine> lines() { return lines_; }
  [[nodiscard]] std::span<const IndexLine> lines() const { return lines_; }

 private:
  void align(std::size_t bytes);
  void release() noexcept;

  std::span<std::byte> mapped_;
  std::span<IndexLine> lines_;
  std::size_t populated_ = 0;  ///< lines from the first on
};

}  // namespace firstseen::store
