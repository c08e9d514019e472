#pragma once

#include <cstdint>

/// What was measured, the one place that says so; what follows from the store's format is computed in plan.cpp instead.
/// Sections are those of tests/bench/RESULTS.md; a test compares these figures with what they say now, but for the
/// starts, which are not recorded there.
namespace firstseen::plan::measured {

// Section store: 20 million live keys, batches of 10,000 of one partition, expiry running. `growing` is the most after
// any batch from `bound::large_index` keys on.
inline constexpr double disk_bytes_per_key = 20.1;
inline constexpr double index_bytes_per_key = 9.26;
inline constexpr double index_bytes_per_key_growing = 18.8;

// store_bench --group start, 4.9 million keys, page cache warm, one round on a busy machine: 0.537 s and 0.0206 s of
// CPU.
inline constexpr double start_cpu_ns_per_key_after_kill = 110;        ///< shared by all cores
inline constexpr double start_cpu_ns_per_key_after_clean_stop = 4.2;  ///< of one core

// Section e2e, on two cores with the broker.
inline constexpr double messages_per_s = 729'562;
/// Section peers: peak of the process without its index.
inline constexpr std::uint64_t beside_index_bytes = 120ULL << 20U;

}  // namespace firstseen::plan::measured

/// Bounds: those that lib/store/README.md states of the index, and of what is beside it.
namespace firstseen::plan::bound {

/// The index at rest takes up to this; from `large_index` keys on nothing beside, below that up to `small_index_bytes`.
inline constexpr double index_bytes_per_key = 10;
/// While a table of a large index grows it takes less than this.
inline constexpr double most_index_bytes_per_key_growing = 20;
inline constexpr double large_index = 8e6;
inline constexpr double small_index_bytes = 9e6;

/// The most that was ever measured beside the index, with values that compress to a fifth, of which one fetch brings
/// the most (section peers at 2233103046): limits of memory are set by it.
inline constexpr std::uint64_t most_beside_index_bytes = 194ULL << 20U;
/// kafka.prefetch_bytes' default, with which that was measured.
inline constexpr std::uint64_t measured_prefetch_bytes = 64ULL << 20U;

}  // namespace firstseen::plan::bound
