#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "store/index_line.h"

namespace firstseen::store {

/// What found no room in the lines of a position index: positions by a hash's print. Every lookup of a new key asks it
/// in vain: a filter (Bloom's, by words: three bits of one word per entry, 16 bits for each or more), small enough to
/// stay in a near cache, spares all but one of two hundred the walk. One thread at a time.
class SideTable {
 public:
  using Entries = std::unordered_multimap<std::uint64_t, LogPosition>;

  void add(std::uint64_t print, LogPosition position) {
    if (entries_.size() >= room()) enlarge();
    note(print);
    entries_.emplace(print, position);
  }

  /// To be called before add() where it is known what is live: removes the rest, once as many again have come.
  void make_room(LiveRange live) {
    if (entries_.empty() || entries_.size() < room()) return;
    erase_dead(live);
    if (entries_.size() > room() / 2) enlarge();
  }

  [[nodiscard]] bool holds(std::uint64_t print, LogPosition position) const {
    bool held = false;
    for_each(print, [&](LogPosition at) { held = held || at == position; });
    return held;
  }

  void erase(std::uint64_t print, LogPosition position) {
    if (!may_hold(print)) return;
    const auto [from, to] = entries_.equal_range(print);
    const auto it = std::find_if(from, to, [&](const auto& entry) { return entry.second == position; });
    if (it != to) entries_.erase(it);
  }

  /// Removes what is not live. Until then the filter keeps what was erased.
  void erase_dead(LiveRange live) {
    std::erase_if(entries_, [&](const auto& entry) { return !live.contains(entry.second); });
    note_all();
  }

  /// Calls visit(position) for each position of this print, live or not.
  template <class Visit>
  void for_each(std::uint64_t print, Visit visit) const {
    if (!may_hold(print)) return;
    const auto [from, to] = entries_.equal_range(print);
    for (auto it = from; it != to; ++it) visit(it->second);
  }

  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t memory_bytes() const {
    constexpr std::size_t node_bytes = 40;  // key, position, link and the allocator's share
    return entries_.size() * node_bytes + filter_.size() * sizeof(std::uint64_t);
  }

 private:
  static constexpr std::size_t least_words = 256;  // 2 KiB
  static constexpr std::size_t word_bits = 64;
  static constexpr std::size_t least_bits_per_entry = 16;

  // The print's lowest 16 bits are the fingerprint: those above are as good. The number of words is a power of 2.
  [[nodiscard]] std::size_t word_of(std::uint64_t print) const { return (print >> 34U) & (filter_.size() - 1); }
  static std::uint64_t bits_of(std::uint64_t print) {
    const auto bit = [&](unsigned int from) { return std::uint64_t{1} << ((print >> from) % word_bits); };
    return bit(16) | bit(22) | bit(28);
  }

  /// Entries that the filter is large enough for.
  [[nodiscard]] std::size_t room() const { return filter_.size() * word_bits / least_bits_per_entry; }
  void enlarge() {
    filter_.resize(std::max(least_words, filter_.size() * 2));
    note_all();
  }
  void note_all() {
    std::ranges::fill(filter_, 0);
    for (const auto& [print, position] : entries_) note(print);
  }
  void note(std::uint64_t print) { filter_[word_of(print)] |= bits_of(print); }
  [[nodiscard]] bool may_hold(std::uint64_t print) const {
    return !filter_.empty() && (~filter_[word_of(print)] & bits_of(print)) == 0;
  }

  Entries entries_;
  std::vector<std::uint64_t> filter_;  ///< empty until something is added
};

}  // namespace firstseen::store
