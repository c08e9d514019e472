#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "base/held_lock.h"
#include "ingest/ledger.h"
#include "ingest/sink.h"
#include "ingest/steps.h"

namespace firstseen::ingest {

/// Batches behind one another in an output file, a record per line. The ledger's length decides: an output is on disk
/// before the ledger counts it (fsync of the file, then the ledger's synced commit). Before a batch is written the
/// ledger notes that one is, and up to where; only that is cut off after a failure or a kill. Anything else there is
/// another's, and refused; so is an output to which others wrote during a batch.
///
/// A file that is there before the first run is continued, unless it bears the claim of another ledger or does not end
/// with a line feed. From recover()
/// on it is locked: another process gets Exit::try_again. A forked child has no part in it.
class FileSink final : public Sink {
 public:
  FileSink(Ledger& ledger, std::filesystem::path path, StepHook hook)
      : ledger_(ledger), path_(std::move(path)), hook_(std::move(hook)) {}

  /// Changes nothing when it fails with Exit::config (not a regular file, another ledger's) or Exit::bad_data (not as
  /// the ledger left it, gone, or without an end of its last line).
  Result<void> recover() override;
  Result<void> begin() override { return {}; }
  Result<void> add(const OutputRecord& record, const std::string& from, std::uint64_t number) override;
  Result<void> commit(const Batch& batch) override;
  Result<void> abort() override;

 private:
  Result<void> open(const Ledger::Output& known);
  Result<void> lock();
  Result<std::uint64_t> size() const;
  Result<void> check_claim();
  Result<void> check_last_line(std::uint64_t size) const;
  Result<void> check_place() const;
  Result<void> check_size(const Ledger::Output& known) const;
  Result<void> take_possession(bool is_new);
  Result<void> check_undisturbed();
  Result<void> note_end(std::uint64_t end);
  Result<void> announce();
  Result<void> write_pending();
  Result<void> cut_back();
  void at(Step step) const;
  [[nodiscard]] tl::unexpected<Error> disturbed(std::uint64_t size, std::uint64_t length) const;
  [[nodiscard]] tl::unexpected<Error> trouble(const char* doing) const;

  Ledger& ledger_;
  const std::filesystem::path path_;
  const StepHook hook_;
  HeldLock file_;
  std::string pending_;
  std::uint64_t length_ = 0;   ///< what counts
  std::uint64_t written_ = 0;  ///< what has been written, without pending_
  std::uint64_t noted_ = 0;    ///< up to where the ledger says that the batch may be, while it is announced
  bool announced_ = false;     ///< the ledger says that a batch may be behind the length
  bool claimed_ = false;       ///< the file bears this ledger's claim
};

}  // namespace firstseen::ingest
