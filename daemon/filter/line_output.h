#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace firstseen::filter {

/// Lines on their way to a file descriptor, written together. SIGPIPE must be ignored.
class LineOutput {
 public:
  explicit LineOutput(int fd) : fd_(fd) {}

  void add(std::string_view line) {
    pending_ += line;
    pending_ += '\n';
  }
  [[nodiscard]] std::size_t pending_bytes() const { return pending_.size(); }
  /// Writes everything; false when the reader of the pipe has gone away, whether or not there was something to write.
  Result<bool> flush();

 private:
  /// Asked where there is nothing to write: an input of nothing but duplicates would otherwise be read for nobody.
  [[nodiscard]] bool reader_is_there() const;

  int fd_;
  std::string pending_;
};

}  // namespace firstseen::filter
