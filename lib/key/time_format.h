#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace firstseen::key {

/// A message's timestamp as a text: fields that begin with % (lib/key/README.md lists them) within any other text. UTC.
class TimeFormat {
 public:
  /// What is wrong with a format, and at which of its bytes.
  struct Fault {
    std::size_t at = 0;
    std::string message;
  };

  /// `text` is UTF-8. At least one field is needed.
  static tl::expected<TimeFormat, Fault> parse(std::string_view text);

  /// `timestamp_ms` since the Unix epoch, not negative. Any such one: years above 9999 have more digits.
  void append(std::int64_t timestamp_ms, std::string& out) const;

  /// The format with its short forms written out: equal texts are equal formats.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  explicit TimeFormat(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace firstseen::key
