#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/digest.h"
#include "base/prefetch.h"
#include "store/index_line.h"
#include "store/index_memory.h"
#include "store/side_table.h"

namespace firstseen::store {

/// A digest, mixed with a secret of the process: who chooses the keys cannot choose the lines of an index.
struct KeyedHash {
  std::uint64_t lines = 0;  ///< says which two lines
  std::uint64_t print = 0;  ///< says the fingerprint; all of it is the key of the side table
};

KeyedHash keyed_hash(const Digest& digest, std::uint64_t secret);

/// Tells where in the log a digest may stand; the log decides. A table of cache lines with ten slots each, a slot being
/// a 16-bit fingerprint and a position; every digest may stand in two lines of a page. Slots whose position is not live
/// are free. What finds no room goes to a small side table. Its size is fixed; see GrowingIndex. One thread at a time,
/// except for populate_regions and insert_in_region.
///
/// The table consists of regions of equal size, about a huge page each and whole pages of 4 KiB.
class PositionIndex {
 public:
  /// Both lines of a digest are in one page of 4 KiB, so that it takes one translation of an address to reach them,
  /// also where there are no huge pages, or none of the host's below them.
  static constexpr std::size_t page_lines = 4096 / sizeof(IndexLine);

  /// What a table has beside its lines and its side table.
  struct Shape {
    std::size_t regions = 0;
    std::size_t region_lines = 0;
    std::size_t scrub_at = 0;  ///< the line where the next scrub goes on
  };

  /// Room for about `capacity` live entries.
  explicit PositionIndex(std::size_t capacity);
  /// Empty; its lines and side table are for the caller to fill.
  explicit PositionIndex(const Shape& shape);

  [[nodiscard]] Shape shape() const { return {regions_, region_lines_, scrub_at_}; }
  [[nodiscard]] std::span<IndexLine> lines() { return memory_.lines(); }
  [[nodiscard]] std::span<const IndexLine> lines() const { return memory_.lines(); }
  /// In no order.
  [[nodiscard]] std::span<const SideTable::Entry> side_table() const { return side_.entries(); }

  /// Makes the table ready for use, in steps: see IndexMemory. Not necessary, but without it inserts wait for the
  /// kernel to find the memory.
  void populate_step(std::size_t step) { memory_.populate_step(step); }
  [[nodiscard]] std::size_t populate_steps() const { return memory_.populate_steps(); }
  [[nodiscard]] std::size_t populated_bytes(std::size_t steps) const { return memory_.populated_bytes(steps); }
  /// The memory, to be given back in steps; the table must not be used any more.
  IndexMemory retire() && { return std::move(memory_); }

  /// Regions, for threads that fill the table together: each works on regions of its own.
  [[nodiscard]] std::size_t regions() const { return regions_; }
  [[nodiscard]] std::size_t region_of(const KeyedHash& hash) const {
    return ((hash.lines & low_half) * regions_) >> 32U;
  }
  /// Makes regions [first, end) ready for use, as populate_step() does; nothing may be in them yet.
  void populate_regions(std::size_t first, std::size_t end);
  /// As insert(), but false when the two lines have no room. Such an entry is for insert_aside().
  bool insert_in_region(const KeyedHash& hash, LogPosition position, LiveRange live);
  void insert_aside(std::uint64_t print, LogPosition position) { side_.add(print, position); }

  /// Has the two lines brought into the cache.
  void prefetch(const KeyedHash& hash) const;
  /// Has the first of the two lines brought into the cache: what insert_first() needs.
  void prefetch_first(const KeyedHash& hash) const {
    firstseen::prefetch_to_write(&memory_.lines()[place_of(hash).first_line]);
  }
  /// As insert(), but looks at the first line only; false, and nothing done, unless that one has plenty of room. Where
  /// many are inserted at once, to fetch one line for most of them.
  bool insert_first(const KeyedHash& hash, LogPosition position, LiveRange live);
  /// The index must not hold this position for this digest already.
  void insert(const KeyedHash& hash, LogPosition position, LiveRange live);
  /// A position that the index holds already for this digest is not added twice.
  void insert_once(const KeyedHash& hash, LogPosition position, LiveRange live);
  void erase(const KeyedHash& hash, LogPosition position);

  /// Calls visit(position) for every live slot that may belong to the digest, in no order; a position may come twice.
  template <class Visit>
  void for_each_candidate(const KeyedHash& hash, LiveRange live, Visit visit) const;

  /// Is it time for a larger one for this many live entries?
  [[nodiscard]] bool too_small_for(std::size_t live_entries) const;

  /// Frees the dead slots of about `share` of the table (0 to 1), going round. Positions are used again after 2^32, and
  /// a slot left from the first round would then take up room as if it were live.
  void scrub(double share, LiveRange live);

  [[nodiscard]] std::size_t memory_bytes() const;
  /// Entries that it holds when it is full.
  [[nodiscard]] std::size_t capacity() const;
  [[nodiscard]] std::size_t overflow_entries() const { return side_.size(); }
  /// Slots in use, dead ones too: a walk of the whole table, for tests.
  [[nodiscard]] std::size_t used_slots() const;

 private:
  struct Place {
    std::size_t first_line;
    std::size_t second_line;
    std::uint16_t fingerprint;
  };
  static constexpr std::uint64_t low_half = 0xFFFFFFFFU;

  /// From 32 uniform bits a number from 1 to 63: what tells two lines of a page apart.
  static std::uint64_t other_line(std::uint64_t bits) { return 1 + ((bits * (page_lines - 1)) >> 32U); }

  [[nodiscard]] Place place_of(const KeyedHash& hash) const;
  static void put(IndexLine& line, SlotMask room, std::uint16_t fingerprint, LogPosition position);
  [[nodiscard]] bool holds(const IndexLine& line, std::uint16_t fingerprint, LogPosition position) const;

  std::size_t regions_;
  std::size_t region_lines_;
  IndexMemory memory_;
  SideTable side_;
  std::size_t scrub_at_ = 0;
  double scrub_due_ = 0;
};

inline PositionIndex::Place PositionIndex::place_of(const KeyedHash& hash) const {
  // A number below n from 32 uniform bits, without a division: their product's upper half. What is left of it, the
  // lower half, is uniform as well, and chooses within the region.
  const std::uint64_t region = (hash.lines & low_half) * regions_;
  const std::uint64_t base = (region >> 32U) * region_lines_;
  const std::uint64_t first = base + (((region & low_half) * region_lines_) >> 32U);
  const auto fingerprint = static_cast<std::uint16_t>(hash.print);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(first ^ other_line(hash.lines >> 32U)),
          fingerprint == IndexLine::no_fingerprint ? std::uint16_t{1} : fingerprint};
}

inline void PositionIndex::prefetch(const KeyedHash& hash) const {
  const Place place = place_of(hash);
  firstseen::prefetch_to_write(&memory_.lines()[place.first_line]);
  firstseen::prefetch_to_write(&memory_.lines()[place.second_line]);
}

template <class Visit>
void PositionIndex::for_each_candidate(const KeyedHash& hash, LiveRange live, Visit visit) const {
  const Place place = place_of(hash);
  const auto visit_line = [&](const IndexLine& line) {
    for (SlotMask hits = fastest::slots_with(line, place.fingerprint); hits != 0; hits &= hits - 1) {
      const LogPosition position = line.positions[first_slot(hits)];
      if (live.contains(position)) visit(position);
    }
  };
  visit_line(memory_.lines()[place.first_line]);
  visit_line(memory_.lines()[place.second_line]);
  side_.for_each(hash.print, [&](LogPosition position) {
    if (live.contains(position)) visit(position);
  });
}

inline void PositionIndex::put(IndexLine& line, SlotMask room, std::uint16_t fingerprint, LogPosition position) {
  const std::size_t slot = first_slot(room);
  line.fingerprints[slot] = fingerprint;
  line.positions[slot] = position;
}

inline bool PositionIndex::insert_first(const KeyedHash& hash, LogPosition position, LiveRange live) {
  // A line that has got seven of ten leaves the choice between the two to insert(), so that a full table's side table
  // stays as good as empty.
  constexpr std::size_t plenty_of_room = 4;
  const Place place = place_of(hash);
  IndexLine& line = memory_.lines()[place.first_line];
  const SlotMask room = free_slots(line, live);
  if (count_slots(room) < plenty_of_room) return false;
  put(line, room, place.fingerprint, position);
  return true;
}

inline bool PositionIndex::insert_in_region(const KeyedHash& hash, LogPosition position, LiveRange live) {
  const Place place = place_of(hash);
  IndexLine& first = memory_.lines()[place.first_line];
  IndexLine& second = memory_.lines()[place.second_line];
  const SlotMask first_room = free_slots(first, live);
  const SlotMask second_room = free_slots(second, live);
  const bool to_second = count_slots(second_room) > count_slots(first_room);
  const SlotMask room = to_second ? second_room : first_room;
  if (room == 0) return false;
  put(to_second ? second : first, room, place.fingerprint, position);
  return true;
}

inline void PositionIndex::insert(const KeyedHash& hash, LogPosition position, LiveRange live) {
  if (insert_in_region(hash, position, live)) return;
  side_.make_room(live);
  insert_aside(hash.print, position);
}

}  // namespace firstseen::store
