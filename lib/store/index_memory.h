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

  [[nodiscard]] std::span<IndexLine> lines() { return lines_; }
  [[nodiscard]] std::span<const IndexLine> lines() const { return lines_; }

 private:
  void release() noexcept;

  std::span<std::byte> mapped_;
  std::span<IndexLine> lines_;
};

}  // namespace firstseen::store
