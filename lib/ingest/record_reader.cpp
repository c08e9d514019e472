#include "ingest/record_reader.h"

#include <utility>

#include "ingest/csv.h"
#include "ingest/json_array.h"
#include "ingest/json_lines.h"
#include "ingest/line_reader.h"

namespace firstseen::ingest {

std::unique_ptr<RecordReader> make_record_reader(Format format, std::unique_ptr<ByteSource> source) {
  switch (format) {
    case Format::json_array:
      return std::make_unique<JsonArrayReader>(std::move(source));
    case Format::csv:
      return std::make_unique<CsvReader>(std::move(source));
    case Format::lines:
      return std::make_unique<LineReader>(std::move(source), BlankLines::keep);
    case Format::json_lines:
    case Format::automatic:
      break;
  }
  return std::make_unique<JsonLinesReader>(std::move(source));
}

}  // namespace firstseen::ingest
