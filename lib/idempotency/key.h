#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.h"

namespace firstseen::idempotency {

/// What names an operation: 1 to 511 bytes of any kind. Two operations are the same when all bytes are.
class Key {
 public:
  static constexpr std::size_t max_bytes = 511;  ///< LMDB's limit on keys

  /// Exit::bad_data for an empty text or a longer one.
  static Result<Key> make(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  auto operator<=>(const Key&) const = default;

 private:
  explicit Key(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace firstseen::idempotency
