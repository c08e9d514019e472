#include "store/growing_index.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "store/parallel.h"

namespace firstseen::store {
namespace {

/// A larger table has room for twice as many while that is at most one million more (9 MB), then for one million more,
/// and for an eighth more when that is more: each new entry moves one old one in a small store, six in a large one,
/// where memory counts.
constexpr std::size_t least_growth = 65'536;
constexpr std::size_t largest_doubling = 1'000'000;

/// New entries per step of populating (2 MiB, up to 10 ms where page faults are dear) or giving back: a batch of 10,000
/// waits for one step, and for none where a thread of the table's own has got ahead. 100 million keys need at most
/// 6 million new ones for it: the table, used to 75 % when it begins, or to 80 where it has only just ended a change of
/// its own, is then used to 79 to 84 %.
constexpr std::size_t entries_per_step = 12'288;

/// While a large table is populated, one new entry comes for about so many old ones: for 20 (2 MiB hold 245,000 at 8.5
/// bytes) where nothing is populated ahead, for many more where a thread does it.
constexpr std::size_t added_while_populating = 32;

/// The larger table has got all of the old one when it holds this part more than it is meant for, at 80 % instead of
/// 75: that leaves time, so that a new entry moves a third fewer. What finds no room in it by then is one in thousands
/// where nothing expires, and some in a hundred where old entries do all the while.
constexpr std::size_t beyond_capacity = 16;

/// A table that is used for less than this part shrinks.
constexpr std::size_t shrink_below = 3;

/// Bytes that are worth a thread of their own.
constexpr std::size_t populated_per_worker = std::size_t{32} << 20U;

/// Entries from asking for a line to needing it.
constexpr std::size_t prefetch_distance = 16;

std::size_t roomy(std::size_t entries) {
  return entries + std::max(entries / 8, std::clamp(entries, least_growth, largest_doubling));
}

}  // namespace

GrowingIndex::GrowingIndex(std::uint64_t secret, std::size_t capacity) : secret_(secret), table_(capacity) {}

void GrowingIndex::prefetch(const KeyedHash& hash) const {
  table_.prefetch(hash);
  if (next_) next_->prefetch(hash);
}

void GrowingIndex::insert(const KeyedHash& hash, LogPosition position, LiveRange live) {
  // A position that is still to be moved: the log was cut back, and is written again.
  if (position - moved_to_ < unseen_) unseen_ = position - moved_to_;
  (next_ ? *next_ : table_).insert(hash, position, live);
}

void GrowingIndex::erase(const KeyedHash& hash, LogPosition position) {
  table_.erase(hash, position);
  if (next_) next_->erase(hash, position);
}

void GrowingIndex::scrub(double share, LiveRange live) {
  table_.scrub(share, live);
  if (next_) next_->scrub(share, live);
}

void GrowingIndex::make_room(std::size_t live_entries, std::size_t added, LiveRange live, const DigestsAt& digests_at) {
  if (retired_) release(added);
  if (next_) {
    move(static_cast<std::size_t>(std::ceil(static_cast<double>(added) * moved_per_entry_)), live, digests_at);
  } else if (coming_) {
    populate(added);
    if (next_) begin_moving(live_entries, live);
  } else if (!retired_) {
    if (!change_due(live_entries)) return;
    coming_ = std::make_unique<ComingTable>(roomy(live_entries + live_entries / added_while_populating));
    owed_ = entries_per_step;  // the first step is due at once: it is all that a small table needs
  }
}

bool GrowingIndex::change_due(std::size_t live_entries) const {
  return table_.too_small_for(live_entries) || table_.capacity() / shrink_below > roomy(live_entries);
}

void GrowingIndex::populate(std::size_t added) {
  owed_ += added;
  if (!coming_->populate(owed_ / entries_per_step)) return;
  next_ = coming_->take();
  coming_.reset();
  owed_ = 0;
}

void GrowingIndex::release(std::size_t added) {
  for (owed_ += added; owed_ >= entries_per_step; owed_ -= entries_per_step) {
    if (!retired_->release_step()) continue;
    retired_.reset();
    owed_ = 0;
    return;
  }
}

void GrowingIndex::begin_moving(std::size_t live_entries, LiveRange live) {
  moved_to_ = live.head;
  left_ = live.length;
  unseen_ = left_;
  // The old entries are moved by the time that the larger table has no room for more new ones. What is moved is counted
  // in positions, which are more: small records leave gaps behind them.
  const std::size_t filled = next_->capacity() + next_->capacity() / beyond_capacity;
  const std::size_t room = std::max(filled, live_entries + least_growth) - live_entries;
  moved_per_entry_ = static_cast<double>(left_) / static_cast<double>(room);
}

void GrowingIndex::finish_moving() {
  retired_ = std::move(table_).retire();
  table_ = std::move(*next_);
  next_.reset();
  owed_ = 0;
  unseen_ = 0;
}

/// `positions` of those left need no more thought.
void GrowingIndex::pass(LogPosition positions) {
  moved_to_ += positions;
  left_ -= positions;
  unseen_ -= std::min(unseen_, positions);
}

void GrowingIndex::move(std::size_t positions, LiveRange live, const DigestsAt& digests_at) {
  if (left_ != 0 && !live.contains(moved_to_)) {
    // The head has gone past it, or the tail was cut off before it: what lies between needs no move.
    pass(std::min(left_, live.head - moved_to_));
  }
  while (positions != 0 && left_ != 0 && live.contains(moved_to_)) {
    const LogPosition to_tail = live.length - (moved_to_ - live.head);
    DigestRun run = digests_at(moved_to_);
    run.count = std::min({positions, run.count, std::size_t{left_}, std::size_t{to_tail}});
    if (run.first != nullptr) move_run(moved_to_, run, live);
    pass(static_cast<LogPosition>(run.count));
    positions -= run.count;
  }
  if (left_ != 0 && live.contains(moved_to_)) return;
  finish_moving();
}

/// The line of one entry is on its way while another, further back, is put into its own. Most lines have plenty of
/// room; the entries for which the second line is needed, too, wait for both once more.
void GrowingIndex::move_run(LogPosition first, const DigestRun& run, LiveRange live) {
  struct Moved {
    KeyedHash hash;
    LogPosition position = 0;
  };
  std::array<Moved, prefetch_distance> waiting;
  std::array<Moved, prefetch_distance> others;
  std::size_t set_aside = 0;
  std::size_t taken_up = 0;
  const auto unseen = [&](const Moved& entry) { return entry.position - first < unseen_; };
  const auto take_up = [&](const Moved& entry) {
    if (unseen(entry)) {
      next_->insert(entry.hash, entry.position, live);
    } else {
      next_->insert_once(entry.hash, entry.position, live);
    }
  };
  Digest digest;
  for (std::size_t i = 0; i < run.count + prefetch_distance; ++i) {
    Moved& slot = waiting[i % prefetch_distance];
    if (i >= prefetch_distance && !(unseen(slot) && next_->insert_first(slot.hash, slot.position, live))) {
      if (set_aside - taken_up == others.size()) take_up(others[taken_up++ % others.size()]);
      next_->prefetch(slot.hash);
      others[set_aside++ % others.size()] = slot;
    }
    if (i >= run.count) continue;
    std::memcpy(digest.bytes.data(), run.first + i * run.stride, digest.bytes.size());
    slot = {hash(digest), first + static_cast<LogPosition>(i)};
    next_->prefetch_first(slot.hash);
  }
  while (taken_up != set_aside) take_up(others[taken_up++ % others.size()]);
}

PositionIndex& GrowingIndex::start_over(std::size_t live_entries) {
  coming_.reset();
  next_.reset();
  retired_.reset();
  owed_ = 0;
  unseen_ = 0;
  table_ = PositionIndex(0);  // given back before the new one is made
  table_ = PositionIndex(roomy(live_entries));
  return table_;
}

std::vector<const PositionIndex*> GrowingIndex::tables() const {
  std::vector<const PositionIndex*> tables = {&table_};
  if (next_) tables.push_back(&*next_);
  return tables;
}

void GrowingIndex::restore(const Progress& progress, std::vector<PositionIndex> tables) {
  coming_.reset();
  retired_.reset();
  owed_ = 0;
  secret_ = progress.secret;
  moved_to_ = progress.moved_to;
  left_ = progress.left;
  moved_per_entry_ = static_cast<double>(progress.moved_per_entry);
  unseen_ = 0;  // nobody wrote it down
  table_ = std::move(tables.front());
  next_.reset();
  if (tables.size() > 1) next_ = std::move(tables.back());
}

void GrowingIndex::begin_due_change(std::size_t live_entries, LiveRange live) {
  if (next_ || !table_.too_small_for(live_entries)) return;
  next_.emplace(roomy(live_entries));
  const std::size_t workers = workers_for(next_->lines().size_bytes(), populated_per_worker);
  run_in_parallel(workers, [&](std::size_t worker) {
    const Share regions = share_of(next_->regions(), worker, workers);
    next_->populate_regions(regions.first, regions.end);
  });
  begin_moving(live_entries, live);
}

std::size_t GrowingIndex::memory_bytes() const {
  const auto of = [](const std::optional<PositionIndex>& table) { return table ? table->memory_bytes() : 0; };
  const std::size_t populated = coming_ ? coming_->populated_bytes() : 0;
  return table_.memory_bytes() + populated + of(next_) + (retired_ ? retired_->bytes() : 0);
}

std::size_t GrowingIndex::overflow_entries() const {
  return table_.overflow_entries() + (next_ ? next_->overflow_entries() : 0);
}

}  // namespace firstseen::store
