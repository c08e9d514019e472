#pragma once

#include <string>
#include <vector>

#include "ingest/csv_row.h"
#include "ingest/record_reader.h"

namespace firstseen::ingest {

/// CSV with a header row: each further row is a JSON object with the header's names in their order; every value is a
/// text, empty fields are "". A row with more or fewer fields than the header, a name that is empty or repeated, and
/// bytes that are not UTF-8 are faults of the file.
class CsvReader final : public RecordReader {
 public:
  explicit CsvReader(std::unique_ptr<ByteSource> source) : rows_(std::move(source)) {}

  Result<bool> next(Record& record) override;
  [[nodiscard]] bool would_wait() const override { return rows_.would_wait(); }

 private:
  Result<void> read_header();
  [[nodiscard]] tl::unexpected<Error> fault(const std::string& what) const;

  CsvRows rows_;
  std::vector<std::string> names_;  ///< as JSON strings with their colon
  std::vector<std::string> fields_;
  std::string object_;
  std::uint64_t records_ = 0;
};

}  // namespace firstseen::ingest
