#pragma once

#include <cstdint>

namespace firstseen::store {

/// Tells whether lookups wait for the disk since the page cache does not hold the log. Then it is worth asking the
/// kernel for pages in advance, so that the disk brings many at once; a system call each, too much while memory has
/// them. Only a hint. For the one thread that looks up.
class DiskWaits {
 public:
  /// To be called after each chunk of lookups: counts the thread's major page faults since the last call.
  void note_chunk();
  [[nodiscard]] bool likely() const { return chunks_left_ != 0; }

 private:
  std::int64_t faults_ = -1;  ///< so far; -1: not asked yet
  int chunks_left_ = 0;
};

}  // namespace firstseen::store
