#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "store/coming_table.h"
#include "store/digest_run.h"
#include "store/position_index.h"

namespace firstseen::store {

/// The position index of a store whose number of keys changes, without a long pause: everything that a change of size
/// costs is paid in small steps by the new entries. When the table is full, memory for a larger one is first populated;
/// then new entries go to the larger table only, each brings a few old ones along from the log, and both are asked;
/// then the old table's memory is given back. A large one grows by an eighth, so that at rest there are 8 to 10
/// bytes per key and never more than 18.8 while it grows; a small one doubles. One thread at a time.
class GrowingIndex {
 public:
  /// The digests from a live position on, as many as stand in one piece: at least one position.
  using DigestsAt = std::function<DigestRun(LogPosition)>;

  GrowingIndex(std::uint64_t secret, std::size_t capacity);

  [[nodiscard]] KeyedHash hash(const Digest& digest) const { return keyed_hash(digest, secret_); }
  void prefetch(const KeyedHash& hash) const;
  template <class Visit>
  void for_each_candidate(const KeyedHash& hash, LiveRange live, Visit visit) const;

  void insert(const KeyedHash& hash, LogPosition position, LiveRange live);
  void erase(const KeyedHash& hash, LogPosition position);
  void scrub(double share, LiveRange live);

  /// Begins a change of size if `live_entries` ask for one, and does the share of it that `added` new entries owe.
  void make_room(std::size_t live_entries, std::size_t added, LiveRange live, const DigestsAt& digests_at);
  /// Forgets everything. The table has room for `live_entries` and some more; whoever asks for it fills it before
  /// anything else is done with the index.
  PositionIndex& start_over(std::size_t live_entries);

  /// What there is beside the tables.
  struct Progress {
    std::uint64_t secret = 0;
    LogPosition moved_to = 0;         ///< what stands in the log before this is in the second table
    LogPosition left = 0;             ///< positions from there on that are still to be moved
    std::size_t moved_per_entry = 1;  ///< rounded up
  };
  [[nodiscard]] Progress progress() const {
    return {secret_, moved_to_, left_, static_cast<std::size_t>(std::ceil(moved_per_entry_))};
  }
  /// The table and, while entries are being moved, the larger one.
  [[nodiscard]] std::vector<const PositionIndex*> tables() const;
  /// Makes the index that which had these tables (one or two) and this progress.
  void restore(const Progress& progress, std::vector<PositionIndex> tables);
  /// Begins a change of size that is due with all the memory for it at once: after restore(), since a process that
  /// lives too short never gets through it in steps.
  void begin_due_change(std::size_t live_entries, LiveRange live);

  [[nodiscard]] bool changing_size() const { return next_ || coming_; }
  /// Would make_room() do anything, now or because so many live entries ask for it?
  [[nodiscard]] bool owes_work(std::size_t live_entries) const {
    return changing_size() || retired_ || change_due(live_entries);
  }
  /// A table that is being populated counts as far as that has come.
  [[nodiscard]] std::size_t memory_bytes() const;
  [[nodiscard]] std::size_t overflow_entries() const;
  /// See PositionIndex::used_slots.
  [[nodiscard]] std::size_t used_slots() const { return table_.used_slots() + (next_ ? next_->used_slots() : 0); }

 private:
  [[nodiscard]] bool change_due(std::size_t live_entries) const;
  void populate(std::size_t added);
  void begin_moving(std::size_t live_entries, LiveRange live);
  void finish_moving();
  void pass(LogPosition positions);
  void release(std::size_t added);
  void move(std::size_t positions, LiveRange live, const DigestsAt& digests_at);
  void move_run(LogPosition first, const DigestRun& run, LiveRange live);

  std::uint64_t secret_;
  PositionIndex table_;
  std::unique_ptr<ComingTable> coming_;  ///< of the next size, being populated
  std::optional<PositionIndex> next_;    ///< of the next size, being filled
  std::optional<IndexMemory> retired_;   ///< of the last size, being given back
  std::size_t owed_ = 0;      ///< entries added since populating began, or since the last step of giving back
  LogPosition moved_to_ = 0;  ///< see Progress
  LogPosition left_ = 0;
  double moved_per_entry_ = 1;
  LogPosition unseen_ = 0;  ///< of those left, so many from moved_to_ on are in no way in the second table already
};

template <class Visit>
void GrowingIndex::for_each_candidate(const KeyedHash& hash, LiveRange live, Visit visit) const {
  table_.for_each_candidate(hash, live, visit);
  if (next_) next_->for_each_candidate(hash, live, visit);
}

}  // namespace firstseen::store
