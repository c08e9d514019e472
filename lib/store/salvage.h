#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace firstseen::store {

/// What a verification tells.
struct SalvageReport {
  std::vector<std::string> lines;
  std::string loss;  ///< how much of the window is left, and what to do; empty: all of it
};

/// After the machine went down while commits were not synced, neither the records nor LMDB's own pages can be believed.
/// Copies what proves sound, the longest prefix of the log whose checksums hold, into a fresh environment and puts that
/// in the old one's place. The store keeps its id, its pins and notes; the partitions go back to where that prefix
/// ends. When the file is so damaged that not even the store's identity can be read, it is renamed to
/// `data.mdb.damaged`, in place of an older one, and the store begins anew.
///
/// Needs free disk space for the copy. Fails and changes nothing when the file cannot be read for a reason that does
/// not prove it damaged (memory, open files, permissions, the disk), when the copy cannot be written, and when the
/// store has a newer format (config). The caller holds the owner lock and has no environment open. Returns what to
/// tell the operator.
Result<SalvageReport> salvage(const std::filesystem::path& directory);

}  // namespace firstseen::store
