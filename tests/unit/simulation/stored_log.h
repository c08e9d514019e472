#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/message.h"

namespace firstseen::simulation {

/// A key that a store holds, and where it came from.
struct StoredKey {
  Digest digest;
  Position position;
  std::int64_t time_ms = 0;
};

struct StoredLog {
  std::vector<StoredKey> keys;  ///< log by log, in their order; without tombstones
  std::string problem;          ///< empty: everything is as the specification says
};

/// Reads a closed store by lib/store/README.md and with none of lib/store's code: what the writer and the reader of the
/// program agree on is not for that reason right.
StoredLog read_stored_log(const std::filesystem::path& directory);

}  // namespace firstseen::simulation
