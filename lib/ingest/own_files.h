#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ingest/ingestor.h"

namespace firstseen::ingest {

/// A run's own ledger and output are no input, also where they are below a directory that it was told to ingest. Takes
/// them out of `files`: by device and inode, so through links and in every spelling. The line that tells which; empty:
/// there were none. The ledger is open.
std::string leave_out_own(std::vector<std::filesystem::path>& files, const IngestOptions& options);

}  // namespace firstseen::ingest
