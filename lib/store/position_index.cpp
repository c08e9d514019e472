#include "store/position_index.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>

namespace firstseen::store {
namespace {

constexpr double full_load = 0.75;  // two choices of ten slots: beyond this the side table grows quickly
constexpr std::size_t least_lines = 64;
constexpr std::size_t least_overflow = 64;

/// A number below `count` from 32 uniform bits, without a division.
std::uint32_t scale(std::uint32_t bits, std::size_t count) {
  return static_cast<std::uint32_t>((std::uint64_t{bits} * count) >> 32U);
}

}  // namespace

PositionIndex::PositionIndex(std::uint64_t secret, std::size_t capacity) : secret_(secret) { reset(capacity); }

void PositionIndex::reset(std::size_t capacity) {
  const auto lines = static_cast<std::size_t>(static_cast<double>(capacity) / (slots_per_line * full_load)) + 1;
  lines_.clear();
  lines_.shrink_to_fit();
  lines_.resize(std::max(lines, least_lines));
  overflow_.clear();
  scrub_at_ = 0;
}

PositionIndex::Place PositionIndex::place_of(const Digest& digest) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(digest.bytes.data(), digest.bytes.size(), secret_);
  const auto fingerprint = static_cast<std::uint16_t>(hash.high64);
  return {scale(static_cast<std::uint32_t>(hash.low64), lines_.size()),
          scale(static_cast<std::uint32_t>(hash.low64 >> 32U), lines_.size()),
          fingerprint == no_fingerprint ? std::uint16_t{1} : fingerprint, hash.high64};
}

std::size_t PositionIndex::free_slots(const Line& line, LiveRange live) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < slots_per_line; ++i) {
    if (line.fingerprints[i] == no_fingerprint || !live.contains(line.positions[i])) ++count;
  }
  return count;
}

bool PositionIndex::put(Line& line, std::uint16_t fingerprint, LogPosition position, LiveRange live) {
  for (std::size_t i = 0; i < slots_per_line; ++i) {
    if (line.fingerprints[i] != no_fingerprint && live.contains(line.positions[i])) continue;
    line.fingerprints[i] = fingerprint;
    line.positions[i] = position;
    return true;
  }
  return false;
}

bool PositionIndex::holds(const Line& line, std::uint16_t fingerprint, LogPosition position) {
  for (std::size_t i = 0; i < slots_per_line; ++i) {
    if (line.fingerprints[i] == fingerprint && line.positions[i] == position) return true;
  }
  return false;
}

void PositionIndex::insert(const Digest& digest, LogPosition position, LiveRange live) {
  const Place place = place_of(digest);
  Line& first = lines_[place.first_line];
  Line& second = lines_[place.second_line];
  if (holds(first, place.fingerprint, position) || holds(second, place.fingerprint, position)) return;
  Line& emptier = free_slots(second, live) > free_slots(first, live) ? second : first;
  if (!put(emptier, place.fingerprint, position, live)) overflow_.emplace(place.overflow_key, position);
}

void PositionIndex::erase(const Digest& digest, LogPosition position) {
  const Place place = place_of(digest);
  for (Line* line : {&lines_[place.first_line], &lines_[place.second_line]}) {
    for (std::size_t i = 0; i < slots_per_line; ++i) {
      if (line->fingerprints[i] != place.fingerprint || line->positions[i] != position) continue;
      line->fingerprints[i] = no_fingerprint;
    }
  }
  const auto [from, to] = overflow_.equal_range(place.overflow_key);
  const auto it = std::find_if(from, to, [&](const auto& item) { return item.second == position; });
  if (it != to) overflow_.erase(it);
}

bool PositionIndex::too_small_for(std::size_t live_entries) const {
  const double load = static_cast<double>(live_entries) / static_cast<double>(lines_.size() * slots_per_line);
  if (load > full_load) return true;
  // A key that comes again and again fills its own two lines at any size: only a well-filled table grows for overflow.
  return load > full_load / 2 && overflow_.size() > std::max(least_overflow, lines_.size() / 16);
}

void PositionIndex::scrub(double share, LiveRange live) {
  scrub_due_ = std::min(scrub_due_ + share * static_cast<double>(lines_.size()), static_cast<double>(lines_.size()));
  for (; scrub_due_ >= 1; scrub_due_ -= 1) {
    if (scrub_at_ >= lines_.size()) {
      scrub_at_ = 0;
      std::erase_if(overflow_, [&](const auto& item) { return !live.contains(item.second); });
    }
    Line& line = lines_[scrub_at_++];
    for (std::size_t i = 0; i < slots_per_line; ++i) {
      if (!live.contains(line.positions[i])) line.fingerprints[i] = no_fingerprint;
    }
  }
}

std::size_t PositionIndex::memory_bytes() const {
  constexpr std::size_t overflow_node_bytes = 40;  // key, position, link and the allocator's share
  return lines_.size() * sizeof(Line) + overflow_.size() * overflow_node_bytes;
}

std::size_t PositionIndex::used_slots() const {
  std::size_t count = overflow_.size();
  for (const Line& line : lines_) {
    count += static_cast<std::size_t>(std::count_if(line.fingerprints.begin(), line.fingerprints.end(),
                                                    [](std::uint16_t f) { return f != no_fingerprint; }));
  }
  return count;
}

}  // namespace firstseen::store
