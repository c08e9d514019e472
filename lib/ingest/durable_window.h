#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "store/key_set.h"

namespace firstseen::ingest {

class KeptPayloads;

/// The store's note that says how the keys are made.
inline constexpr const char* key_parts_note = "key parts";

struct DurableWindowOptions {
  std::filesystem::path directory;  ///< as store.path of a daemon: the environment is in slot-0/ below it
  Millis ttl{24LL * 3600 * 1000};
  std::uint64_t max_size_bytes = 64ULL << 30U;
  std::string purpose;         ///< "filter" or "ingest": pinned in the store, another one is refused
  std::string fingerprint;     ///< the deriver's: another key is refused
  std::string key_parts = {};  ///< how the key is made, kept as the store's note "key parts" unless empty
  bool keep_payloads = false;  ///< in payloads/ below the directory, within max_size_bytes of their own
  const Clock* clock = nullptr;
};

/// A store::KeySet that belongs to one of the commands, which may keep payloads beside the keys. One process and one
/// thread.
class DurableWindow {
 public:
  /// The environment's place below the directory.
  static constexpr const char* store_folder = "slot-0";

  /// Fails without changing anything when the store is another program's or has another purpose or key (Exit::config),
  /// is held by another process (try_again) or cannot be written (io).
  static Result<std::unique_ptr<DurableWindow>> open(const DurableWindowOptions& options);
  ~DurableWindow();
  DurableWindow(const DurableWindow&) = delete;
  DurableWindow& operator=(const DurableWindow&) = delete;
  DurableWindow(DurableWindow&&) = delete;
  DurableWindow& operator=(DurableWindow&&) = delete;

  /// `payload` is kept if the options say so.
  bool add_if_new(const Digest& digest, std::int64_t now_ms, std::string_view payload = {});
  [[nodiscard]] std::size_t uncommitted() const { return keys_->uncommitted(); }

  /// What was added since the last time lasts from now on; on failure it is as before and may be tried again.
  Result<void> commit();

  /// What was added since the last time, written down but undecided. Nothing when nothing was added.
  Result<std::optional<store::BatchId>> prepare();
  /// Forgets what was added and neither committed nor prepared.
  void forget_uncommitted();
  /// After prepare(), and after a start: the undecided batch stands if it is `standing`, and falls otherwise.
  Result<void> decide(const std::optional<store::BatchId>& standing) { return keys_->decide(standing); }

  Result<void> close() { return keys_->close(); }
  [[nodiscard]] std::uint64_t size() const { return keys_->size(); }
  /// How far back from `now_ms` the keys are known: the ttl, or less where some had to go early for max_size_bytes.
  [[nodiscard]] Millis covered(std::int64_t now_ms) const { return keys_->covered(now_ms); }

 private:
  DurableWindow(std::unique_ptr<store::KeySet> keys, std::unique_ptr<KeptPayloads> payloads,
                const DurableWindowOptions& options);
  Result<void> write_payloads();

  std::unique_ptr<store::KeySet> keys_;
  std::unique_ptr<KeptPayloads> payloads_;  ///< also where only older ones are there, so that they go in time; or null
  const bool keep_payloads_;
  const std::int64_t ttl_ms_;
};

}  // namespace firstseen::ingest
