#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace firstseen::ingest {

/// Is a text one JSON value (RFC 8259, UTF-8)? Reuses its buffers: one thread at a time.
class JsonCheck {
 public:
  JsonCheck();
  ~JsonCheck();
  JsonCheck(const JsonCheck&) = delete;
  JsonCheck& operator=(const JsonCheck&) = delete;
  JsonCheck(JsonCheck&&) = delete;
  JsonCheck& operator=(JsonCheck&&) = delete;

  /// Nothing when it is; else what is wrong, and at which byte of the text.
  std::optional<std::string> fault_of(std::string_view text);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace firstseen::ingest
