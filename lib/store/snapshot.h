#pragma once

#include <filesystem>
#include <memory>

#include "store/tables.h"

namespace firstseen::store {

/// A read transaction on a store that another process, or another part of this one, may be writing.
struct Snapshot {
  std::shared_ptr<Env> env;
  Tables tables;
  Txn txn;
};

/// Fails when there is no store, or one that must be verified first (after power loss).
Result<Snapshot> take_snapshot(const std::filesystem::path& directory);

}  // namespace firstseen::store
