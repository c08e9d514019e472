#pragma once

#include <filesystem>
#include <string>

#include "base/digest.h"
#include "base/error.h"

namespace firstseen {

/// What `firstseen store` does with a store whose keys come from records and not from partitions (of `firstseen
/// filter`, and the keys of `firstseen ingest`). Each prints its result and returns the exit status.
Exit look_up_record(const std::filesystem::path& directory, const Digest& digest, bool as_json);
/// Every entry in the order of the log, with its payload where one is kept; only digests that begin with `prefix`.
Exit list_records(const std::filesystem::path& directory, const std::string& prefix, bool as_json);

}  // namespace firstseen
