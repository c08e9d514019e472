#include "dedup/metadata.h"

#include <fmt/format.h>

namespace firstseen::dedup {

std::string commit_metadata(std::string_view store_id, const store::BatchId& batch) {
  return fmt::format("fs1:{}:{:016x}:{:016x}", store_id, batch.sequence, batch.owner);
}

bool is_commit_metadata(std::string_view metadata) { return metadata.starts_with("fs1:"); }

}  // namespace firstseen::dedup
