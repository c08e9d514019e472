#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "store/index_line.h"

namespace firstseen::store {

/// What found no room in the lines of a position index: positions by a hash's print. Every lookup of a new key asks it
/// in vain: a filter (Bloom's, by words: three bits of one word per entry, 16 bits for each or more), small enough to
/// stay in a near cache, spares all but one of two hundred the walk. One thread at a time.
///
/// The entries of a bucket are a list, but all of them stand in one array: a table of hundreds of thousands is gone
/// through, or given back, in a few milliseconds, which a list of nodes from the heap is not. One print may have any
/// number of positions.
class SideTable {
 public:
  struct Entry {
    std::uint64_t print = 0;
    LogPosition position = 0;
    std::uint32_t next = 0;  ///< of the same bucket: its place among the entries, or none
  };

  void add(std::uint64_t print, LogPosition position) {
    if (entries_.size() >= room()) enlarge();
    entries_.push_back({print, position, 0});
    link(static_cast<std::uint32_t>(entries_.size() - 1));
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

  /// Until erase_dead() the filter keeps what was erased.
  void erase(std::uint64_t print, LogPosition position) {
    if (!may_hold(print)) return;
    std::uint32_t* link = &bucket(print);
    while (*link != none && (entries_[*link].print != print || entries_[*link].position != position)) {
      link = &entries_[*link].next;
    }
    if (*link == none) return;
    const std::uint32_t place = *link;
    *link = entries_[place].next;
    fill(place);
  }

  /// Removes what is not live.
  void erase_dead(LiveRange live) {
    std::erase_if(entries_, [&](const Entry& entry) { return !live.contains(entry.position); });
    link_all();
  }

  /// Calls visit(position) for each position of this print, live or not.
  template <class Visit>
  void for_each(std::uint64_t print, Visit visit) const {
    if (!may_hold(print)) return;
    for (std::uint32_t place = buckets_[bucket_of(print)]; place != none; place = entries_[place].next) {
      if (entries_[place].print == print) visit(entries_[place].position);
    }
  }

  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t memory_bytes() const {
    return entries_.capacity() * sizeof(Entry) + buckets_.size() * sizeof(std::uint32_t) +
           filter_.size() * sizeof(std::uint64_t);
  }

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t least_words = 256;  // 2 KiB
  static constexpr std::size_t word_bits = 64;
  static constexpr std::size_t least_bits_per_entry = 16;

  // The print's lowest 16 bits are the fingerprint: those above are as good. The numbers of words and of buckets are
  // powers of 2.
  [[nodiscard]] std::size_t word_of(std::uint64_t print) const { return (print >> 34U) & (filter_.size() - 1); }
  [[nodiscard]] std::size_t bucket_of(std::uint64_t print) const { return (print >> 16U) & (buckets_.size() - 1); }
  static std::uint64_t bits_of(std::uint64_t print) {
    const auto bit = [&](unsigned int from) { return std::uint64_t{1} << ((print >> from) % word_bits); };
    return bit(16) | bit(22) | bit(28);
  }
  [[nodiscard]] bool may_hold(std::uint64_t print) const {
    return !filter_.empty() && (~filter_[word_of(print)] & bits_of(print)) == 0;
  }
  std::uint32_t& bucket(std::uint64_t print) { return buckets_[bucket_of(print)]; }

  /// Entries that filter and buckets are large enough for.
  [[nodiscard]] std::size_t room() const { return filter_.size() * word_bits / least_bits_per_entry; }
  void enlarge() {
    filter_.resize(std::max(least_words, filter_.size() * 2));
    buckets_.resize(room());
    link_all();
  }
  void link_all() {
    std::ranges::fill(filter_, 0);
    std::ranges::fill(buckets_, none);
    for (std::uint32_t place = 0; place < entries_.size(); ++place) link(place);
  }
  void link(std::uint32_t place) {
    Entry& entry = entries_[place];
    filter_[word_of(entry.print)] |= bits_of(entry.print);
    entry.next = std::exchange(bucket(entry.print), place);
  }
  /// The place is in no list any more: the last entry takes it.
  void fill(std::uint32_t place) {
    const auto last = static_cast<std::uint32_t>(entries_.size() - 1);
    if (place != last) {
      std::uint32_t* link = &bucket(entries_[last].print);
      while (*link != last) link = &entries_[*link].next;
      *link = place;
      entries_[place] = entries_[last];
    }
    entries_.pop_back();
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> buckets_;  ///< the place of each one's first entry, or none
  std::vector<std::uint64_t> filter_;   ///< empty until something is added, as buckets_
};

}  // namespace firstseen::store
