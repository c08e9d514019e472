#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/held_lock.h"
#include "ingest/ledger.h"
#include "ingest/sink.h"

namespace firstseen::ingest {

/// Batches behind one another in an output file, a record per line. The ledger's length decides: an output is on disk
/// before the ledger counts it (fsync of the file, then the ledger's synced commit), and what is beyond that length is
/// cut off at start and after a failure. A file that is there before the first run is continued. From recover() on the
/// file is locked: another process, with another ledger, gets Exit::try_again. A forked child has no part in it.
class FileSink final : public Sink {
 public:
  FileSink(Ledger& ledger, std::filesystem::path path) : ledger_(ledger), path_(std::move(path)) {}

  Result<void> recover() override;
  Result<void> begin() override { return {}; }
  Result<void> add(const OutputRecord& record, const std::string& from, std::uint64_t number) override;
  Result<void> commit(const Batch& batch) override;
  Result<void> abort() override;

 private:
  Result<void> write_pending();
  Result<void> cut_back();
  [[nodiscard]] tl::unexpected<Error> trouble(const char* doing) const;

  Ledger& ledger_;
  const std::filesystem::path path_;
  HeldLock file_;
  std::string pending_;
  std::uint64_t length_ = 0;   ///< what counts
  std::uint64_t written_ = 0;  ///< what has been written, without pending_
};

}  // namespace firstseen::ingest
