#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "ingest/input_buffer.h"

namespace firstseen::ingest {

/// Rows of CSV as RFC 4180 defines them: fields between commas, quoted ones may hold commas, line ends and quotes
/// written twice; rows end with CR LF or LF. A quote inside an unquoted field and anything behind a closing quote are
/// errors, and so is a row that takes more memory than `most_row_bytes`: a quote that is never closed does not take in
/// all of the file. A UTF-8 byte order mark at the beginning is left out; blank lines are no rows.
class CsvRows {
 public:
  explicit CsvRows(std::unique_ptr<ByteSource> source, std::size_t most_row_bytes = InputBuffer::default_limit)
      : input_(std::move(source)), most_row_bytes_(most_row_bytes) {}

  /// The next row's fields; false at the end.
  Result<bool> next(std::vector<std::string>& fields);
  /// Where the last row began, from 1.
  [[nodiscard]] std::uint64_t line() const { return row_line_; }
  [[nodiscard]] const std::string& name() const { return input_.name(); }
  [[nodiscard]] bool would_wait() const { return input_.unread().empty() && input_.would_wait(); }

 private:
  enum class State { field_start, unquoted, quoted, quote_in_quoted };

  Result<bool> ready();
  Result<bool> skip_mark();
  Result<bool> end_of_input(State state, std::vector<std::string>& fields);
  Result<bool> take(char byte, State& state, std::vector<std::string>& fields);
  [[nodiscard]] tl::unexpected<Error> too_large() const;
  [[nodiscard]] tl::unexpected<Error> fault(const char* what) const;

  InputBuffer input_;
  const std::size_t most_row_bytes_;
  std::size_t row_bytes_ = 0;  ///< what the row has taken so far
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
  bool begun_ = false;
};

}  // namespace firstseen::ingest
