#include "plan/machine.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

namespace firstseen::plan {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return std::nullopt;
  std::uint64_t bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  std::uint64_t limit = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit)
    bytes = std::min(bytes, limit);  // "max": no number, no limit
  return bytes;
}

std::optional<std::uint64_t> free_disk(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error);
  while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  const fs::space_info space = fs::space(path, error);
  if (error) return std::nullopt;
  return space.available;
}

}  // namespace

Machine this_machine(const fs::path& store_path) {
  return {.memory_bytes = memory(),
          .free_disk_bytes = store_path.empty() ? std::nullopt : free_disk(store_path),
          .cores = std::max(1U, std::thread::hardware_concurrency())};
}

}  // namespace firstseen::plan
