#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

namespace firstseen {

/// What a store that goes on beside its copy, on the same file system, is left at least: space that it frees is used
/// again only when the copy is complete, so its file grows meanwhile. Not more than it can grow, an eighth beyond
/// max_size.
inline std::uint64_t room_to_grow(std::uint64_t file_bytes, std::uint64_t max_size) {
  constexpr std::uint64_t least = 64ULL << 20U;
  const std::uint64_t largest = max_size + max_size / 8;
  const std::uint64_t left = largest > file_bytes ? largest - file_bytes : 0;
  return std::min(left, std::max(least, file_bytes / 8));
}

/// False, too, when that cannot be said.
inline bool on_one_file_system(const std::filesystem::path& a, const std::filesystem::path& b) {
  struct stat of_a{};
  struct stat of_b{};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev;
}

}  // namespace firstseen
