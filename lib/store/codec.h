#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace firstseen::store {

/// Fixed-width integers, least significant byte first, at any alignment: the only encoding of numbers in the store.

inline std::uint64_t load_bytes(const std::uint8_t* from, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value |= static_cast<std::uint64_t>(from[i]) << (8 * i);
  return value;
}

inline void store_bytes(std::uint8_t* to, std::size_t width, std::uint64_t value) {
  for (std::size_t i = 0; i < width; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

template <std::integral T>
T load_le(const std::uint8_t* from) {
  return static_cast<T>(load_bytes(from, sizeof(T)));
}

template <std::integral T>
void store_le(std::uint8_t* to, T value) {
  store_bytes(to, sizeof(T), static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(value)));
}

/// Bytes needed for values from 0 to `largest`; 0 when only 0 occurs.
inline std::uint8_t width_of(std::uint64_t largest) {
  std::uint8_t width = 0;
  for (; largest != 0; largest >>= 8U) ++width;
  return width;
}

/// Differences of times and offsets are taken modulo 2^64, so that no pair of int64 overflows.
inline std::uint64_t delta(std::int64_t value, std::int64_t base) {
  return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
}

inline std::int64_t plus(std::int64_t base, std::uint64_t difference) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + difference);
}

}  // namespace firstseen::store
