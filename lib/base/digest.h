#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>

namespace firstseen {

/// The 16 stored bytes of a key's digest: the first 16 bytes of the hash function's output.
struct Digest {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Digest&) const = default;
};

/// Digests are already uniform; eight of their bytes make a hash. Not for tables that an adversary can fill.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, digest.bytes.data(), sizeof word);
    return static_cast<std::size_t>(word);
  }
};

}  // namespace firstseen
