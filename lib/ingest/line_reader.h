#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "ingest/record_reader.h"

namespace firstseen::ingest {

/// Lines that end with LF or CR LF; the last one may have no end.
class LineReader final : public RecordReader {
 public:
  /// `skip_blank`: lines of nothing but white space are no records, but they count as lines.
  LineReader(std::unique_ptr<ByteSource> source, bool skip_blank)
      : input_(std::move(source)), skip_blank_(skip_blank) {}

  Result<bool> next(Record& record) override;
  /// No whole line is there, and the source has nothing now.
  [[nodiscard]] bool would_wait() const override;

 private:
  Result<bool> find_end(std::size_t& length);

  InputBuffer input_;
  const bool skip_blank_;
  std::uint64_t lines_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace firstseen::ingest
