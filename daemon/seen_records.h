#pragma once

#include <filesystem>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "output.h"
#include "store/inspect.h"
#include "store_kind.h"

namespace firstseen {

/// What `firstseen store` does with a store of seen keys. Each prints its result and returns the exit status.

/// Of a store whose keys come from records and not from partitions (of `firstseen filter`, and the keys of `firstseen
/// ingest`).
Exit look_up_record(const std::filesystem::path& directory, const Digest& digest, bool as_json);
/// Every entry in the order of the log, with its payload where one is kept, or the first message of a daemon's; only
/// digests that begin with `prefix`.
Exit list_records(const FoundStore& store, const std::string& prefix, bool as_json);

/// An entry of a store of `firstseen run`, without its digest.
Json message_entry(const store::LogEntry& found);

}  // namespace firstseen
