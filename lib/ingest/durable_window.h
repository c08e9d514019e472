#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "store/seen_store.h"

namespace firstseen::ingest {

struct DurableWindowOptions {
  std::filesystem::path directory;  ///< as store.path of a daemon: the environment is in slot-0/ below it
  Millis ttl{24LL * 3600 * 1000};
  std::uint64_t max_size_bytes = 64ULL << 30U;
  std::string purpose;      ///< "filter" or "ingest": pinned in the store, another one is refused
  std::string fingerprint;  ///< the deriver's: another key is refused
  const Clock* clock = nullptr;
};

/// The keys seen within a window of time, in a store that survives: a SeenStore whose entries come from records with
/// consecutive numbers instead of partitions. What was added takes part in lookups at once, and lasts once it is
/// committed, or prepared and decided to stand. One process and one thread.
class DurableWindow {
 public:
  /// Fails without changing anything when the store is another program's or has another purpose or key (Exit::config),
  /// is held by another process (try_again) or cannot be written (io).
  static Result<std::unique_ptr<DurableWindow>> open(const DurableWindowOptions& options);

  bool add_if_new(const Digest& digest, std::int64_t now_ms);
  [[nodiscard]] std::size_t uncommitted() const { return store_->staged(); }

  /// What was added since the last time lasts from now on; on failure it is as before and may be tried again.
  Result<void> commit();

  /// What was added since the last time, written down but undecided. Nothing when nothing was added.
  Result<std::optional<store::BatchId>> prepare();
  /// Forgets what was added and neither committed nor prepared.
  void forget_uncommitted() { store_->drop_staged(); }
  /// After prepare(), and after a start: the undecided batch stands if it is `standing`, and falls otherwise.
  Result<void> decide(const std::optional<store::BatchId>& standing);

  Result<void> close();
  [[nodiscard]] std::uint64_t size() const { return store_->stats().live_entries; }

 private:
  DurableWindow(std::unique_ptr<store::SeenStore> store, Millis ttl);
  Result<store::BatchId> write(bool decided);

  std::unique_ptr<store::SeenStore> store_;
  const std::int64_t ttl_ms_;
  std::int64_t next_number_ = 0;
  std::int64_t now_ms_ = 0;
};

}  // namespace firstseen::ingest
