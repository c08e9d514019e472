#include "key/json_fault.h"

#include "key/json_text.h"
#include "key/reasons.h"

namespace firstseen::key {

JsonFault first_pass_fault(std::string_view document) {
  if (const auto at = find_invalid_utf8(document)) return {reason::invalid_utf8, *at, "not UTF-8"};
  bool in_string = false;
  std::size_t string_begin = 0;
  for (std::size_t i = 0; i < document.size(); ++i) {
    if (document[i] == '"') {
      in_string = !in_string;
      string_begin = i;
    } else if (document[i] == '\\') {
      ++i;
    } else if (in_string && static_cast<unsigned char>(document[i]) < 0x20) {
      return {reason::invalid_string, i, "control character in a string; write it as \\u00XX"};
    }
  }
  return {reason::invalid_string, string_begin, "string without an end"};
}

JsonFault not_closed_fault(std::string_view document) {
  bool in_string = false;
  std::size_t open = 0;
  for (std::size_t i = 0; i < document.size(); ++i) {
    const char c = document[i];
    if (c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') ++open;
    if ((c == '}' || c == ']') && --open == 0) {
      const std::size_t next = document.find_first_not_of(" \t\n\r", i + 1);
      if (next != std::string_view::npos) return {reason::trailing_data, next, "something follows the document"};
    }
  }
  return {reason::malformed_json, document.size(), "the document is not closed"};
}

}  // namespace firstseen::key
