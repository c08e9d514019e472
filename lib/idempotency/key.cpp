#include "idempotency/key.h"

#include <fmt/format.h>

namespace firstseen::idempotency {

Result<Key> Key::make(std::string_view text) {
  if (text.empty()) return fail(Exit::bad_data, "an operation needs a key, and an empty text is none");
  if (text.size() > max_bytes) {
    return fail(Exit::bad_data, fmt::format("the key has {} bytes and may have {}: use a digest of it (sha256sum)",
                                            text.size(), max_bytes));
  }
  return Key(text);
}

}  // namespace firstseen::idempotency
