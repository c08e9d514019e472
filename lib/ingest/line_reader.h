#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "ingest/record_reader.h"

namespace firstseen::ingest {

enum class BlankLines { keep, skip };        ///< of nothing but white space; they count as lines, not as records
enum class CarriageReturns { strip, keep };  ///< at a line's end

/// Lines that end with LF or CR LF; the last one may have no end.
class LineReader final : public RecordReader {
 public:
  LineReader(std::unique_ptr<ByteSource> source, BlankLines blank, CarriageReturns returns = CarriageReturns::strip)
      : input_(std::move(source)), blank_(blank), returns_(returns) {}

  Result<bool> next(Record& record) override;
  /// No whole line is there, and the source has nothing now.
  [[nodiscard]] bool would_wait() const override;

 private:
  Result<bool> find_end(std::size_t& length);

  InputBuffer input_;
  const BlankLines blank_;
  const CarriageReturns returns_;
  std::uint64_t lines_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace firstseen::ingest
