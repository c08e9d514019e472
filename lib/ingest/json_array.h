#pragma once

#include <string>
#include <vector>

#include "ingest/json_check.h"
#include "ingest/record_reader.h"

namespace firstseen::ingest {

/// The elements of one JSON array that may be larger than memory; only one element is held at a time. An element that
/// spans lines loses the white space between its tokens, any other stays byte for byte.
class JsonArrayReader final : public RecordReader {
 public:
  explicit JsonArrayReader(std::unique_ptr<ByteSource> source) : input_(std::move(source)) {}

  Result<bool> next(Record& record) override;
  [[nodiscard]] bool would_wait() const override { return input_.unread().empty() && input_.would_wait(); }

 private:
  enum class State { before, first, between, after };

  Result<int> peek();
  void advance(std::size_t bytes);
  Result<bool> element(Record& record);
  Result<std::size_t> measure_element();
  Result<bool> end_of_array();
  [[nodiscard]] tl::unexpected<Error> fault(const std::string& what) const;

  InputBuffer input_;
  State state_ = State::before;
  std::uint64_t line_ = 1;
  std::uint64_t records_ = 0;
  std::vector<char> one_line_;
  JsonCheck check_;
};

}  // namespace firstseen::ingest
