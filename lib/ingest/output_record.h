#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "ingest/record.h"

namespace firstseen::ingest {

/// What goes into the target for one record. Reused from record to record.
struct OutputRecord {
  std::optional<std::string> key;  ///< the Kafka record's key, by whose murmur2 hash the partition is chosen
  std::string value;               ///< into an output file: without a line feed
};

/// Makes the output of a record; false leaves the record out. `out.value` holds the record's bytes beforehand. An error
/// is the file's fault. Called by several threads at once, and again for the same record after a failure.
using Transform = std::function<Result<bool>(const Record& record, OutputRecord& out)>;

}  // namespace firstseen::ingest
