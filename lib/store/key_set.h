#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// The keys seen within a window of time, on disk: a SeenStore for programs whose keys come from no partition. It
/// numbers the keys from 0 as they are added. What was added takes part in lookups at once, and lasts once it is
/// committed, or prepared and decided to stand; a crash loses the rest. One process and one thread, as SeenStore.
class KeySet {
 public:
  /// Fails as SeenStore::open() does; Exit::config, too, for several windows (there is one, OpenOptions::ttl), and for
  /// a store whose keys come from partitions (a daemon's), seen only when it is open: pin what the keys are made of
  /// (OpenOptions::pins, {"key", Deriver::fingerprint()}), and another key's store is refused unchanged.
  static Result<std::unique_ptr<KeySet>> open(const OpenOptions& options);
  KeySet(std::unique_ptr<SeenStore> store, Millis ttl);

  /// Was this key not added within the last `ttl`? If so it is from now on. `now_ms`: since the Unix epoch; a clock
  /// that goes back stands still here.
  bool add_if_new(const Digest& digest, std::int64_t now_ms);
  /// How many were added and neither committed nor prepared.
  [[nodiscard]] std::size_t uncommitted() const { return store_->staged(); }
  /// Forgets these.
  void forget_uncommitted() { store_->drop_staged(); }

  /// What was added since the last time lasts from now on (fsync). On failure it is as before and may be tried again:
  /// Action::pause for a full disk, a full store, a read-only file system and I/O errors.
  Result<void> commit();

  /// In place of commit(), for keys that stand only with something else: what was added is written down, but undecided.
  /// Nothing when nothing was added. Fails as commit() does.
  Result<std::optional<BatchId>> prepare();
  /// After prepare(), and after a start: the undecided batch stands if it is `standing`, and falls otherwise.
  Result<void> decide(const std::optional<BatchId>& standing);

  /// Before the end, for a quick start of the next one; what is not committed is lost.
  Result<void> close();

  /// Keys that are kept, also such as have expired and were not removed yet.
  [[nodiscard]] std::uint64_t size() const { return store_->stats().live_entries; }
  /// How far back from `now_ms` the keys are known: the ttl, or less where some had to go early for max_size_bytes.
  [[nodiscard]] Millis covered(std::int64_t now_ms) const;
  /// The number of the first key that is neither committed nor prepared, or of the next one where there is none.
  [[nodiscard]] std::int64_t first_uncommitted() const { return next_number_; }
  /// The number of the key that was added last.
  [[nodiscard]] std::int64_t last_added() const { return next_number_ + static_cast<std::int64_t>(uncommitted()) - 1; }
  /// The highest `now_ms` since the start; 0: none yet.
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
  /// For pins, notes and figures; its batches are the set's own.
  [[nodiscard]] SeenStore& store() { return *store_; }

 private:
  Result<BatchId> write(bool decided);
  [[nodiscard]] std::int64_t stored_end() const;

  std::unique_ptr<SeenStore> store_;
  const std::int64_t ttl_ms_;
  std::int64_t next_number_ = 0;
  std::int64_t now_ms_ = 0;
};

}  // namespace firstseen::store
