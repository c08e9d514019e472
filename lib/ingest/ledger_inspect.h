#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ingest/file_record.h"

namespace firstseen::ingest {

/// Read-only views of the ledger in a directory (IngestOptions::ledger), beside a run or without one; each call sees
/// one moment. Any thread. Exit::config: there is no ledger, or of another format; bad_data: it is damaged; io: it
/// cannot be read.

/// Every file that a run has met, ordered by path.
Result<std::vector<FileRecord>> ledger_files(const std::filesystem::path& directory);

/// One of them, by its path (a relative one from the working directory). Nothing: no run has met it.
Result<std::optional<FileRecord>> ledger_file(const std::filesystem::path& directory,
                                              const std::filesystem::path& file);

struct LedgerFacts {
  std::string id;                              ///< 32 hexadecimal digits, made with the ledger
  std::string target;                          ///< where the records go; empty: nothing was ever ingested
  std::optional<std::uint64_t> output_length;  ///< of an output file: the bytes that count
  std::uint64_t undecided = 0;                 ///< batches whose outcome the next run asks the broker for
  std::uint64_t file_bytes = 0;                ///< of the ledger itself
};
Result<LedgerFacts> ledger_facts(const std::filesystem::path& directory);

/// Is there a ledger in this directory? Looks at names of files only.
bool holds_ledger(const std::filesystem::path& directory);

}  // namespace firstseen::ingest
