#include "ingest/json_check.h"

#include <fmt/format.h>

#include <vector>

#include "key/json_selector.h"

namespace firstseen::ingest {

/// The parser of the keys without any key, so that a record that passes here is never malformed for a key.
class JsonCheck::Parser {
 public:
  key::JsonSelector selector{std::vector<key::JsonPointer>{}};
};

JsonCheck::JsonCheck() : parser_(std::make_unique<Parser>()) {}
JsonCheck::~JsonCheck() = default;

std::optional<std::string> JsonCheck::fault_of(std::string_view text) {
  if (parser_->selector.read(text)) return std::nullopt;
  const key::JsonFault& fault = parser_->selector.fault();
  return fmt::format("byte {}: {}", fault.offset, fault.note);
}

}  // namespace firstseen::ingest
