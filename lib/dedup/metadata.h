#pragma once

#include <string>
#include <string_view>

#include "store/seen_store.h"

namespace firstseen::dedup {

/// The text that every offset commit carries as its metadata: "fs1:STORE-ID:SEQUENCE:OWNER", the numbers as 16
/// lower-case hexadecimal digits. Equality of this text is the proof that a batch of this store was committed.
std::string commit_metadata(std::string_view store_id, const store::BatchId& batch);

/// Is this such a text, of whatever store?
bool is_commit_metadata(std::string_view metadata);

}  // namespace firstseen::dedup
