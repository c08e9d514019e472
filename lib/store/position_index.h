#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/digest.h"

namespace firstseen::store {

/// A place in the log: entries are counted modulo 2^32 since the process opened it; each record starts at a multiple of
/// 256.
using LogPosition = std::uint32_t;

/// The positions in use, [head, head + length) modulo 2^32.
struct LiveRange {
  LogPosition head = 0;
  LogPosition length = 0;

  [[nodiscard]] bool contains(LogPosition position) const { return position - head < length; }
};

/// Tells where in the log a digest may stand; the log decides. A table of cache lines with ten slots each, a slot being
/// a 16-bit fingerprint and a position; every digest may stand in two lines, chosen by a hash that is keyed with a
/// secret of the process. Slots whose position is not live are free. What finds no room goes to a small side table.
/// One thread at a time.
class PositionIndex {
 public:
  /// Room for about `capacity` live entries.
  PositionIndex(std::uint64_t secret, std::size_t capacity);

  /// A position that the index holds already for this digest is not added twice.
  void insert(const Digest& digest, LogPosition position, LiveRange live);
  void erase(const Digest& digest, LogPosition position);

  /// Calls visit(position) for every live slot that may belong to `digest`, in no order; a position may come twice.
  template <class Visit>
  void for_each_candidate(const Digest& digest, LiveRange live, Visit visit) const;

  /// Is it time to build a larger one for this many live entries?
  [[nodiscard]] bool too_small_for(std::size_t live_entries) const;
  /// Forgets everything; the caller inserts again.
  void reset(std::size_t capacity);

  /// Frees the dead slots of about `share` of the table (0 to 1), going round. Positions are used again after 2^32, and
  /// a slot left from the first round would then take up room as if it were live.
  void scrub(double share, LiveRange live);

  [[nodiscard]] std::size_t memory_bytes() const;
  [[nodiscard]] std::size_t overflow_entries() const { return overflow_.size(); }
  /// Slots in use, dead ones too: a walk of the whole table, for tests.
  [[nodiscard]] std::size_t used_slots() const;

 private:
  static constexpr std::size_t slots_per_line = 10;
  static constexpr std::uint16_t no_fingerprint = 0;  ///< an empty slot

  struct alignas(64) Line {
    std::array<LogPosition, slots_per_line> positions{};
    std::array<std::uint16_t, slots_per_line> fingerprints{};
  };

  /// What the keyed hash makes of a digest.
  struct Place {
    std::uint32_t first_line;
    std::uint32_t second_line;
    std::uint16_t fingerprint;
    std::uint64_t overflow_key;
  };

  [[nodiscard]] Place place_of(const Digest& digest) const;
  [[nodiscard]] static std::size_t free_slots(const Line& line, LiveRange live);
  static bool put(Line& line, std::uint16_t fingerprint, LogPosition position, LiveRange live);
  static bool holds(const Line& line, std::uint16_t fingerprint, LogPosition position);

  std::uint64_t secret_;
  std::vector<Line> lines_;
  std::unordered_multimap<std::uint64_t, LogPosition> overflow_;
  std::size_t scrub_at_ = 0;
  double scrub_due_ = 0;
};

template <class Visit>
void PositionIndex::for_each_candidate(const Digest& digest, LiveRange live, Visit visit) const {
  const Place place = place_of(digest);
  const auto visit_line = [&](const Line& line) {
    for (std::size_t i = 0; i < slots_per_line; ++i) {
      if (line.fingerprints[i] == place.fingerprint && live.contains(line.positions[i])) visit(line.positions[i]);
    }
  };
  visit_line(lines_[place.first_line]);
  if (place.second_line != place.first_line) visit_line(lines_[place.second_line]);
  if (overflow_.empty()) return;
  const auto [from, to] = overflow_.equal_range(place.overflow_key);
  for (auto it = from; it != to; ++it) {
    if (live.contains(it->second)) visit(it->second);
  }
}

}  // namespace firstseen::store
