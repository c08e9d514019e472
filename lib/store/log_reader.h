#pragma once

#include <cstdint>
#include <optional>

#include "store/growing_index.h"
#include "store/live_log.h"
#include "store/tables.h"

namespace firstseen::store {

/// The start's way through the log: first the heads of all records, then, unless the index comes from elsewhere, one
/// sequential pass over what they hold, on all cores, with the file read ahead.

/// Appends every record of one log of the environment to an empty `log`, having looked at its head only. The number of
/// a record whose head cannot be one stops the walk and is the result.
Result<std::optional<std::uint64_t>> read_heads(Txn& txn, Dbi table, LiveLog& log);

/// Compares every record with its checksum and fills the index with what they hold. The result is the number of the
/// first record that is damaged; the index is then of no use.
std::optional<std::uint64_t> read_entries(const Env& env, const LiveLog& log, GrowingIndex& index);

}  // namespace firstseen::store
