#pragma once

#include <cstdint>

#include "store/codec.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// A PartitionState as 48 bytes: six 64-bit fields in the order of the struct.
inline constexpr std::size_t partition_state_bytes = 48;

inline void write_partition_state(std::uint8_t* at, const PartitionState& state) {
  store_le(at, state.next_offset);
  store_le(at + 8, state.stream_time_ms);
  store_le(at + 16, state.covered_from_ms);
  store_le(at + 24, state.last.offset);
  store_le(at + 32, state.last.timestamp_ms);
  store_le(at + 40, state.last.checksum);
}

inline PartitionState read_partition_state(const std::uint8_t* at) {
  PartitionState state;
  state.next_offset = load_le<std::int64_t>(at);
  state.stream_time_ms = load_le<std::int64_t>(at + 8);
  state.covered_from_ms = load_le<std::int64_t>(at + 16);
  state.last.offset = load_le<std::int64_t>(at + 24);
  state.last.timestamp_ms = load_le<std::int64_t>(at + 32);
  state.last.checksum = load_le<std::uint64_t>(at + 40);
  return state;
}

}  // namespace firstseen::store
