#pragma once

#include <cstddef>
#include <span>

#include "store/index_line.h"

namespace firstseen::store {

/// Zeroed memory for the lines of an index, in huge pages where the kernel gives them: a lookup goes to a
/// random page, and with small ones most of its time goes into finding its address. Throws std::bad_alloc.
class IndexMemory {
 public:
  explicit IndexMemory(std::size_t lines);
  ~IndexMemory();
  IndexMemory(IndexMemory&& other) noexcept;
  IndexMemory& operator=(IndexMemory&& other) noexcept;
  IndexMemory(const IndexMemory&) = delete;
  IndexMemory& operator=(const IndexMemory&) = delete;

  /// Has the kernel give 2 MiB their pages, which takes it milliseconds at worst; without it the first touch of each
  /// would. There are populate_steps() of them, which different threads may do at the same time.
  void populate_step(std::size_t step);
  [[nodiscard]] std::size_t populate_steps() const;
  /// Gives 32 MiB back, from the end, which without huge pages takes milliseconds, too. True once nothing is left; the
  /// lines must not be used any more from the first step on.
  bool release_step();

  [[nodiscard]] std::size_t bytes() const { return mapped_.size(); }
  /// What so many steps bring in.
  [[nodiscard]] std::size_t populated_bytes(std::size_t steps) const;
  [[nodiscard]] std::span<IndexLine> lines() { return lines_; }
  [[nodiscard]] std::span<const IndexLine> lines() const { return lines_; }

 private:
  void align(std::size_t bytes);
  void release() noexcept;

  std::span<std::byte> mapped_;
  std::span<IndexLine> lines_;
};

}  // namespace firstseen::store
