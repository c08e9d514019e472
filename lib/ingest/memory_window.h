#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"

namespace firstseen::ingest {

/// The keys seen within a window of time, in memory only: 24 bytes in a ring ordered by time, and an index of 4-byte
/// places, half full at most. Bounded by the window: what has expired makes room. At most 2^31 keys. One thread.
class MemoryWindow {
 public:
  explicit MemoryWindow(Millis ttl);

  /// Was this key not seen within the last `ttl`? If so it is from now on. A clock that goes back stands still here.
  bool add_if_new(const Digest& digest, std::int64_t now_ms);

  [[nodiscard]] std::uint64_t size() const { return next_ - oldest_; }
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  struct Entry {
    Digest digest;
    std::int64_t time_ms = 0;
  };

  [[nodiscard]] Entry& entry(std::uint32_t place) { return ring_[place & ring_mask_]; }
  [[nodiscard]] std::size_t home(const Digest& digest) const;
  void forget_oldest();
  void erase_slot(std::size_t slot);
  void insert_slot(std::uint32_t place);
  void grow();

  const std::int64_t ttl_ms_;
  const std::uint64_t secret_;  ///< odd; whoever chooses the keys cannot choose their places in the index
  std::vector<Entry> ring_;
  std::vector<std::uint32_t> index_;  ///< place of an entry, or free_slot; linear probing
  std::uint32_t ring_mask_ = 0;
  std::size_t index_mask_ = 0;
  std::uint64_t oldest_ = 0;  ///< entries are numbered; a place is a number's low 31 bits
  std::uint64_t next_ = 0;
  std::int64_t now_ms_ = 0;
};

}  // namespace firstseen::ingest
