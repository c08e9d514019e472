#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_text.h"

namespace firstseen {

using Json = nlohmann::ordered_json;

/// A table for people: a head, aligned columns, cells that look like numbers set to the right, each on one line.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  /// As many cells as the head has.
  void row(std::vector<std::string> cells);
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "name   value" lines with the values aligned; what a person reads where --json prints an object.
std::string format_fields(const std::vector<std::pair<std::string, std::string>>& fields);

/// 1234567 as "1,234,567".
std::string format_count(std::uint64_t count);

/// "1 partition", "2,000 partitions"; `many` is the plural where it is not `one` and an s.
std::string format_counted(std::uint64_t count, std::string_view one, std::string_view many = "");

/// One JSON document of several lines; bytes that are not UTF-8 are replaced.
std::string to_text(const Json& json);

/// Writes a result to stdout; Exit::io when it cannot be written.
Exit print(std::string_view text);

/// Writes "firstseen: text" to stderr, if anybody reads it.
void warn(std::string_view text);

/// Writes "firstseen: message" to stderr and returns the error's exit status.
Exit report(const Error& error);

}  // namespace firstseen
