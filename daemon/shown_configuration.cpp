#include "shown_configuration.h"

#include <openssl/evp.h>

#include <array>

#include "base/hex.h"

namespace firstseen {

std::string fingerprint(const std::string& text) {
  std::array<std::uint8_t, 32> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) return "unknown";
  return to_hex(digest).substr(0, 16);
}

}  // namespace firstseen
