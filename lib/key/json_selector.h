#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "key/json_fault.h"
#include "key/json_pointer.h"

namespace firstseen::key {

/// How many arrays and objects may be open at once in a payload; one more is a fault.
inline constexpr unsigned max_json_depth = 1024;

/// The value that a pointer led to.
struct SelectedValue {
  bool found = false;
  std::string encoding;   ///< canonical, beginning with its tag
  std::size_t begin = 0;  ///< its text in the document: [begin, end)
  std::size_t end = 0;
};

/// Reads JSON documents: checks all of each (RFC 8259, UTF-8, with the limits of lib/key/README.md) and encodes the
/// values that some pointers lead to. Reuses its buffers: one thread at a time. Memory: about eight bytes per byte of
/// the largest document below keep_bytes; what larger ones need is given back.
class JsonSelector {
 public:
  static constexpr std::size_t keep_bytes = std::size_t{4} << 20U;

  explicit JsonSelector(const std::vector<JsonPointer>& pointers);
  ~JsonSelector();
  JsonSelector(const JsonSelector&) = delete;
  JsonSelector& operator=(const JsonSelector&) = delete;
  JsonSelector(JsonSelector&&) = delete;
  JsonSelector& operator=(JsonSelector&&) = delete;

  /// False: the document is malformed and fault() says why; the selected values then mean nothing.
  [[nodiscard]] bool read(std::string_view document);

  /// By the pointer's number; valid until the next read().
  [[nodiscard]] const SelectedValue& selected(std::size_t pointer) const;
  [[nodiscard]] const JsonFault& fault() const;

 private:
  class Walk;
  std::unique_ptr<Walk> walk_;
};

}  // namespace firstseen::key
