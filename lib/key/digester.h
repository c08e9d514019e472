#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"
#include "key/spec.h"

namespace firstseen::key {

/// A hash function's whole output; `size` is 16, 32 or 64 bytes.
struct FullDigest {
  std::array<std::uint8_t, 64> bytes{};
  std::size_t size = 0;

  [[nodiscard]] std::span<const std::uint8_t> view() const { return std::span(bytes).first(size); }
  /// What is stored: the first 16 bytes.
  [[nodiscard]] Digest stored() const;
};

/// One hash function, ready to be used again and again. One thread at a time.
class Digester {
 public:
  /// Fails with Exit::config where OpenSSL does not offer the algorithm (for instance blake2b512 in FIPS mode).
  static Result<std::unique_ptr<Digester>> make(DigestAlgorithm algorithm);

  virtual ~Digester() = default;
  Digester() = default;
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;
  Digester(Digester&&) = delete;
  Digester& operator=(Digester&&) = delete;

  /// False when the library fails; `out` is then not a digest.
  [[nodiscard]] virtual bool hash(std::string_view bytes, FullDigest& out) = 0;
};

/// The name used in configuration and fingerprint: sha256, sha512, blake2b512, xxh3_128.
std::string_view digest_name(DigestAlgorithm algorithm);

}  // namespace firstseen::key
