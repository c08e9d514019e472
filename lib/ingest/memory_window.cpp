#include "ingest/memory_window.h"

#include <algorithm>
#include <random>

namespace firstseen::ingest {
namespace {

constexpr std::size_t least_entries = 1024;
constexpr std::uint32_t free_slot = 0xFFFFFFFF;
constexpr std::uint64_t place_mask = 0x7FFFFFFF;

std::uint32_t place_of(std::uint64_t number) { return static_cast<std::uint32_t>(number & place_mask); }

std::uint64_t odd_secret() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U | device()) | 1U;
}

}  // namespace

MemoryWindow::MemoryWindow(Millis ttl)
    : ttl_ms_(ttl.count()),
      secret_(odd_secret()),
      ring_(least_entries),
      index_(2 * least_entries, free_slot),
      ring_mask_(least_entries - 1),
      index_mask_(2 * least_entries - 1) {}

std::uint64_t MemoryWindow::memory_bytes() const {
  return ring_.capacity() * sizeof(Entry) + index_.capacity() * sizeof(std::uint32_t);
}

std::size_t MemoryWindow::home(const Digest& digest) const {
  const std::uint64_t mixed = DigestHash{}(digest)*secret_;
  return static_cast<std::size_t>(mixed >> 32U) & index_mask_;
}

bool MemoryWindow::add_if_new(const Digest& digest, std::int64_t now_ms) {
  now_ms_ = std::max(now_ms_, now_ms);
  while (oldest_ != next_ && now_ms_ - entry(place_of(oldest_)).time_ms > ttl_ms_) forget_oldest();
  for (std::size_t slot = home(digest); index_[slot] != free_slot; slot = (slot + 1) & index_mask_) {
    if (entry(index_[slot]).digest == digest) return false;
  }
  if (size() == ring_.size()) grow();
  const std::uint32_t place = place_of(next_++);
  entry(place) = {digest, now_ms_};
  insert_slot(place);
  return true;
}

void MemoryWindow::insert_slot(std::uint32_t place) {
  std::size_t slot = home(entry(place).digest);
  while (index_[slot] != free_slot) slot = (slot + 1) & index_mask_;
  index_[slot] = place;
}

void MemoryWindow::forget_oldest() {
  const std::uint32_t place = place_of(oldest_);
  std::size_t slot = home(entry(place).digest);
  while (index_[slot] != place) slot = (slot + 1) & index_mask_;
  erase_slot(slot);
  ++oldest_;
}

/// Closes the gap, so that every entry stays reachable from its home without marks for what was deleted.
void MemoryWindow::erase_slot(std::size_t slot) {
  std::size_t gap = slot;
  for (std::size_t next = (gap + 1) & index_mask_; index_[next] != free_slot; next = (next + 1) & index_mask_) {
    const std::size_t wanted = home(entry(index_[next]).digest);
    const bool gap_is_between = ((next - wanted) & index_mask_) >= ((next - gap) & index_mask_);
    if (!gap_is_between) continue;
    index_[gap] = index_[next];
    gap = next;
  }
  index_[gap] = free_slot;
}

/// Twice as large; entries keep their numbers.
void MemoryWindow::grow() {
  std::vector<Entry> ring(2 * ring_.size());
  const auto mask = static_cast<std::uint32_t>(ring.size() - 1);
  for (std::uint64_t number = oldest_; number != next_; ++number) {
    ring[place_of(number) & mask] = entry(place_of(number));
  }
  ring_ = std::move(ring);
  ring_mask_ = mask;
  index_.assign(2 * ring_.size(), free_slot);
  index_mask_ = index_.size() - 1;
  for (std::uint64_t number = oldest_; number != next_; ++number) insert_slot(place_of(number));
}

}  // namespace firstseen::ingest
