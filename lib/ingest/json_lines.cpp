#include "ingest/json_lines.h"

#include <fmt/format.h>

namespace firstseen::ingest {

Result<bool> JsonLinesReader::next(Record& record) {
  auto found = lines_.next(record);
  if (!found || !*found) return found;
  if (const auto fault = check_.fault_of(record.bytes)) {
    return fail(Exit::bad_data, fmt::format("{}:{}: this line is not JSON: {}", name_, record.line, *fault));
  }
  return true;
}

}  // namespace firstseen::ingest
