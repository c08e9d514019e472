#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "ingest/durable_window.h"
#include "ingest/ingestor.h"
#include "ingest/ledger.h"
#include "key/deriver.h"

namespace firstseen::ingest {

/// The keys' place below the ledger's directory.
inline constexpr const char* keys_folder = "keys";
/// What that store says it is for.
inline constexpr const char* keys_purpose = "ingest";

/// Tells which records are first seen; its batches take part in the ledger's. One thread.
class KeyFilter {
 public:
  /// The keys are kept in `directory`. Decides what the last run left open by what stands in the ledger.
  static Result<std::unique_ptr<KeyFilter>> open(const RecordKeys& keys, const std::filesystem::path& directory,
                                                 Ledger& ledger, const Clock& clock);

  KeyFilter(std::unique_ptr<key::Deriver> deriver, std::unique_ptr<DurableWindow> window, Ledger& ledger,
            const Clock& clock)
      : deriver_(std::move(deriver)), window_(std::move(window)), ledger_(ledger), clock_(clock) {}

  /// A record without a key is an error, Exit::bad_data.
  Result<bool> is_first_seen(const Record& record);
  /// The batch's keys, written down but undecided; nothing when there are none.
  Result<std::optional<store::BatchId>> prepare() { return window_->prepare(); }
  /// After a commit, an abort or a recovery: keeps or drops the batch as the ledger says.
  Result<void> follow_ledger();

 private:
  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<DurableWindow> window_;
  Ledger& ledger_;
  const Clock& clock_;
  key::Derived derived_;
};

}  // namespace firstseen::ingest
