#include "ingest/input_buffer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/units.h"

namespace firstseen::ingest {
namespace {
constexpr std::size_t least_read_bytes = 256U << 10U;
}  // namespace

Result<bool> InputBuffer::fill() {
  const std::size_t kept = end_ - begin_;
  if (kept > limit_) {
    return fail(Exit::bad_data,
                fmt::format("{}: the record at byte {} is larger than {}", name(), consumed_, format_size(limit_)));
  }
  if (begin_ != 0) std::memmove(bytes_.data(), bytes_.data() + begin_, kept);
  begin_ = 0;
  end_ = kept;
  if (bytes_.size() - end_ < least_read_bytes) bytes_.resize(std::max(2 * kept, kept + least_read_bytes));
  const auto count = source_->read(std::span(bytes_).subspan(end_));
  if (!count) return forward(count.error());
  end_ += *count;
  return *count != 0;
}

}  // namespace firstseen::ingest
