#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace firstseen::store {

/// A place in the log: entries are counted modulo 2^32 since the process opened it; each record starts at a multiple of
/// 256.
using LogPosition = std::uint32_t;

/// The positions in use, [head, head + length) modulo 2^32.
struct LiveRange {
  LogPosition head = 0;
  LogPosition length = 0;

  [[nodiscard]] bool contains(LogPosition position) const { return position - head < length; }
};

/// One cache line of the index: ten slots, each a position and a fingerprint. Fingerprint 0 is an empty slot.
struct alignas(64) IndexLine {
  static constexpr std::size_t slots = 10;
  static constexpr std::uint16_t no_fingerprint = 0;

  std::array<LogPosition, slots> positions{};
  std::array<std::uint16_t, slots + 2> fingerprints{};  ///< the last two stay empty: they fill the line
};
static_assert(sizeof(IndexLine) == 64);

/// Bit i stands for slot i.
using SlotMask = std::uint32_t;
inline constexpr SlotMask all_slots = (1U << IndexLine::slots) - 1;

/// The first slot of a mask that is not 0.
inline std::size_t first_slot(SlotMask mask) { return static_cast<std::size_t>(std::countr_zero(mask)); }

/// How many slots a mask has: without the processor's own instruction, which the oldest of its family lack.
inline unsigned int count_slots(SlotMask mask) {
  mask -= (mask >> 1U) & 0x5555U;
  mask = (mask & 0x3333U) + ((mask >> 2U) & 0x3333U);
  mask = (mask + (mask >> 4U)) & 0x0F0FU;
  return (mask + (mask >> 8U)) & 0x1FU;
}

namespace plain {

inline constexpr std::string_view name = "plain";

inline SlotMask slots_with(const IndexLine& line, std::uint16_t fingerprint) {
  SlotMask mask = 0;
  for (std::size_t i = 0; i < IndexLine::slots; ++i) mask |= SlotMask{line.fingerprints[i] == fingerprint} << i;
  return mask;
}

inline SlotMask live_slots(const IndexLine& line, LiveRange live) {
  SlotMask mask = 0;
  for (std::size_t i = 0; i < IndexLine::slots; ++i) mask |= SlotMask{live.contains(line.positions[i])} << i;
  return mask;
}

}  // namespace plain

#if defined(__SSE2__)

namespace sse2 {

inline constexpr std::string_view name = "sse2";

inline SlotMask slots_with(const IndexLine& line, std::uint16_t fingerprint) {
  const __m128i wanted = _mm_set1_epi16(static_cast<std::int16_t>(fingerprint));
  const auto* at = reinterpret_cast<const __m128i*>(line.fingerprints.data());
  const __m128i low = _mm_cmpeq_epi16(_mm_loadu_si128(at), wanted);       // slots 0 to 7
  const __m128i high = _mm_cmpeq_epi16(_mm_loadl_epi64(at + 1), wanted);  // slots 8 and 9, two unused, zeros
  return static_cast<SlotMask>(_mm_movemask_epi8(_mm_packs_epi16(low, high))) & all_slots;
}

/// Comparison of unsigned numbers by that of signed ones: both with the highest bit flipped.
inline SlotMask live_slots(const IndexLine& line, LiveRange live) {
  const __m128i flip = _mm_set1_epi32(static_cast<int>(0x80000000U));
  const __m128i head = _mm_set1_epi32(static_cast<int>(live.head));
  const __m128i length = _mm_xor_si128(_mm_set1_epi32(static_cast<int>(live.length)), flip);
  const auto below = [&](__m128i positions) {
    const __m128i age = _mm_xor_si128(_mm_sub_epi32(positions, head), flip);
    return static_cast<SlotMask>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmplt_epi32(age, length))));
  };
  const auto* at = reinterpret_cast<const __m128i*>(line.positions.data());
  const SlotMask low = below(_mm_loadu_si128(at)) | below(_mm_loadu_si128(at + 1)) << 4U;
  return (low | below(_mm_loadl_epi64(at + 2)) << 8U) & all_slots;
}

}  // namespace sse2

#endif

// FIRSTSEEN_PLAIN_INDEX: as on a processor without SSE2.
#if defined(__SSE2__) && !defined(FIRSTSEEN_PLAIN_INDEX)
namespace fastest = sse2;
#else
namespace fastest = plain;
#endif

/// The slots that are empty or dead.
inline SlotMask free_slots(const IndexLine& line, LiveRange live) {
  return (fastest::slots_with(line, IndexLine::no_fingerprint) | ~fastest::live_slots(line, live)) & all_slots;
}

}  // namespace firstseen::store
