#include "store/position_index.h"

#define XXH_INLINE_ALL  // the hash of 16 bytes costs less than a call
#include <xxhash.h>

#include <algorithm>

namespace firstseen::store {
namespace {

constexpr double full_load = 0.75;  // two choices of ten slots: beyond this the side table grows quickly
constexpr std::size_t least_overflow = 64;
constexpr std::size_t most_region_lines = (std::size_t{2} << 20U) / sizeof(IndexLine);  // a huge page

std::size_t lines_for(std::size_t capacity) {
  const double lines = static_cast<double>(capacity) / (static_cast<double>(IndexLine::slots) * full_load);
  return static_cast<std::size_t>(lines) + 1;
}

std::size_t whole_pages(std::size_t lines) {
  return (lines + PositionIndex::page_lines - 1) / PositionIndex::page_lines * PositionIndex::page_lines;
}

std::size_t regions_for(std::size_t lines) { return (lines + most_region_lines - 1) / most_region_lines; }

}  // namespace

KeyedHash keyed_hash(const Digest& digest, std::uint64_t secret) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(digest.bytes.data(), digest.bytes.size(), secret);
  return {hash.low64, hash.high64};
}

PositionIndex::PositionIndex(std::size_t capacity)
    : regions_(regions_for(lines_for(capacity))),
      region_lines_(whole_pages((lines_for(capacity) + regions_ - 1) / regions_)),
      memory_(regions_ * region_lines_) {}

PositionIndex::PositionIndex(const Shape& shape)
    : regions_(shape.regions),
      region_lines_(shape.region_lines),
      memory_(shape.regions * shape.region_lines),
      scrub_at_(shape.scrub_at) {}

void PositionIndex::populate_regions(std::size_t first, std::size_t end) {
  std::ranges::fill(memory_.lines().subspan(first * region_lines_, (end - first) * region_lines_), IndexLine{});
}

bool PositionIndex::holds(const IndexLine& line, std::uint16_t fingerprint, LogPosition position) const {
  for (SlotMask hits = fastest::slots_with(line, fingerprint); hits != 0; hits &= hits - 1) {
    if (line.positions[first_slot(hits)] == position) return true;
  }
  return false;
}

void PositionIndex::insert_once(const KeyedHash& hash, LogPosition position, LiveRange live) {
  const Place place = place_of(hash);
  if (holds(memory_.lines()[place.first_line], place.fingerprint, position)) return;
  if (holds(memory_.lines()[place.second_line], place.fingerprint, position)) return;
  if (side_.holds(hash.print, position)) return;
  insert(hash, position, live);
}

void PositionIndex::erase(const KeyedHash& hash, LogPosition position) {
  const Place place = place_of(hash);
  for (const std::size_t number : {place.first_line, place.second_line}) {
    IndexLine& line = memory_.lines()[number];
    for (SlotMask hits = fastest::slots_with(line, place.fingerprint); hits != 0; hits &= hits - 1) {
      const std::size_t slot = first_slot(hits);
      if (line.positions[slot] == position) line.fingerprints[slot] = IndexLine::no_fingerprint;
    }
  }
  side_.erase(hash.print, position);
}

bool PositionIndex::too_small_for(std::size_t live_entries) const {
  const std::size_t lines = memory_.lines().size();
  const double load = static_cast<double>(live_entries) / static_cast<double>(lines * IndexLine::slots);
  if (load > full_load) return true;
  // A key that comes again and again fills its own two lines at any size: only a well-filled table grows for overflow.
  return load > full_load / 2 && side_.size() > std::max(least_overflow, lines / 16);
}

void PositionIndex::scrub(double share, LiveRange live) {
  const auto lines = memory_.lines();
  scrub_due_ = std::min(scrub_due_ + share * static_cast<double>(lines.size()), static_cast<double>(lines.size()));
  for (; scrub_due_ >= 1; scrub_due_ -= 1) {
    if (scrub_at_ >= lines.size()) {
      scrub_at_ = 0;
      side_.erase_dead(live);
    }
    IndexLine& line = lines[scrub_at_++];
    for (SlotMask dead = ~fastest::live_slots(line, live) & all_slots; dead != 0; dead &= dead - 1) {
      line.fingerprints[first_slot(dead)] = IndexLine::no_fingerprint;
    }
  }
}

std::size_t PositionIndex::capacity() const {
  return static_cast<std::size_t>(static_cast<double>(memory_.lines().size() * IndexLine::slots) * full_load);
}

std::size_t PositionIndex::memory_bytes() const { return memory_.lines().size_bytes() + side_.memory_bytes(); }

std::size_t PositionIndex::used_slots() const {
  std::size_t count = side_.size();
  for (const IndexLine& line : memory_.lines()) {
    count += count_slots(~fastest::slots_with(line, IndexLine::no_fingerprint) & all_slots);
  }
  return count;
}

}  // namespace firstseen::store
