#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ingest/byte_source.h"
#include "ingest/format.h"
#include "ingest/input_buffer.h"
#include "ingest/record.h"

namespace firstseen::ingest {

/// A file's records, one after the other. One thread. An error is the file's own fault and names file and line; the
/// reader is of no use after it.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;
  RecordReader(RecordReader&&) = delete;
  RecordReader& operator=(RecordReader&&) = delete;

  /// False at the end.
  virtual Result<bool> next(Record& record) = 0;
  /// Would next() have to wait for somebody else's bytes?
  [[nodiscard]] virtual bool would_wait() const = 0;
};

/// `source` gives plain bytes; `format` is not automatic.
std::unique_ptr<RecordReader> make_record_reader(Format format, std::unique_ptr<ByteSource> source);

}  // namespace firstseen::ingest
