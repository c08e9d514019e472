#pragma once

#include "ingest/json_check.h"
#include "ingest/line_reader.h"

namespace firstseen::ingest {

/// Lines that must be JSON.
class JsonLinesReader final : public RecordReader {
 public:
  explicit JsonLinesReader(std::unique_ptr<ByteSource> source)
      : name_(source->name()), lines_(std::move(source), BlankLines::skip) {}

  Result<bool> next(Record& record) override;
  [[nodiscard]] bool would_wait() const override { return lines_.would_wait(); }

 private:
  const std::string name_;
  LineReader lines_;
  JsonCheck check_;
};

}  // namespace firstseen::ingest
