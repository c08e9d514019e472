#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace firstseen::ingest {

/// Which ledger an output file belongs to, written on the file itself, in an extended attribute: another ledger would
/// not know otherwise. A file system without such attributes, or a copy of the file, has no claim.
struct OutputClaim {
  static constexpr const char* attribute = "user.firstseen.ledger";

  std::string id;         ///< the ledger's
  std::string directory;  ///< where it was then; empty: too long to be told
};

/// Of an open file; `path` names it in messages (Exit::io).
Result<std::optional<OutputClaim>> claim_on(int file, const std::filesystem::path& path);

/// False: the file system does not keep it. The caller syncs the file.
Result<bool> put_claim(int file, const std::filesystem::path& path, const OutputClaim& claim);

}  // namespace firstseen::ingest
