#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace firstseen::key {

/// What is wrong with a document, and where.
struct JsonFault {
  std::string_view reason;  ///< a stable name from lib/key/README.md
  std::size_t offset = 0;   ///< in bytes from the document's start
  std::string note;         ///< for a person
};

/// Where simdjson's first pass stumbled, which it does not say itself: it finds invalid UTF-8, control characters in
/// strings and strings that do not end. Only for a document that has such a fault.
JsonFault first_pass_fault(std::string_view document);

/// Why a document that begins with a bracket does not end with its like: it ends too early, or something follows it.
JsonFault not_closed_fault(std::string_view document);

}  // namespace firstseen::key
