#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ingest/byte_source.h"

namespace firstseen::ingest {

/// A window that slides over a source: unread bytes stay together until they are consumed, however long a record is, up
/// to a limit that bounds the memory.
class InputBuffer {
 public:
  static constexpr std::size_t default_limit = std::size_t{64} << 20U;

  explicit InputBuffer(std::unique_ptr<ByteSource> source, std::size_t most_unread_bytes = default_limit)
      : source_(std::move(source)), limit_(most_unread_bytes) {}

  /// Valid until the next fill().
  [[nodiscard]] std::string_view unread() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) {
    begin_ += bytes;
    consumed_ += bytes;
  }
  /// Appends what one read of the source brings; false at its end. A record larger than the limit is Exit::bad_data.
  Result<bool> fill();

  [[nodiscard]] bool would_wait() const { return source_->would_wait(); }
  [[nodiscard]] const std::string& name() const { return source_->name(); }
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }

 private:
  std::unique_ptr<ByteSource> source_;
  const std::size_t limit_;
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t consumed_ = 0;
};

}  // namespace firstseen::ingest
