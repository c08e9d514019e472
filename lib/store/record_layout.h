#pragma once

#include <cstddef>
#include <cstdint>

/// Places of a record's fields; README.md beside this file explains them.
namespace firstseen::store::layout {

inline constexpr std::uint32_t magic = 0x42525346;  // "FSRB"

// header
inline constexpr std::size_t magic_at = 0;
inline constexpr std::size_t version_at = 4;
inline constexpr std::size_t sequence_at = 8;
inline constexpr std::size_t owner_at = 16;
inline constexpr std::size_t size_at = 24;
inline constexpr std::size_t entries_at = 28;
inline constexpr std::size_t entry_count_at = 32;
inline constexpr std::size_t oldest_back_at = 36;
inline constexpr std::size_t range_count_at = 40;
inline constexpr std::size_t offset_width_at = 44;
inline constexpr std::size_t time_width_at = 45;
inline constexpr std::size_t range_width_at = 46;
inline constexpr std::size_t kind_width_at = 47;
inline constexpr std::size_t base_time_at = 48;
inline constexpr std::size_t max_time_at = 56;
inline constexpr std::size_t checksum_at = 64;
inline constexpr std::size_t header_bytes = 72;

// a row of the range table
inline constexpr std::size_t topic_at = 0;
inline constexpr std::size_t topic_bytes_at = 4;
inline constexpr std::size_t has_before_at = 6;
inline constexpr std::size_t partition_at = 8;
inline constexpr std::size_t batches_back_at = 12;
inline constexpr std::size_t base_offset_at = 16;
inline constexpr std::size_t start_at = 24;
inline constexpr std::size_t end_at = 32;
inline constexpr std::size_t after_at = 40;
inline constexpr std::size_t before_at = 88;
inline constexpr std::size_t range_row_bytes = 136;

inline constexpr std::size_t digest_bytes = 16;

}  // namespace firstseen::store::layout
