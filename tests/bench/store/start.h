#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace firstseen::bench {

/// One way of starting, measured several times.
struct Starts {
  std::string after;           ///< what the start followed
  std::vector<double> wall_s;  ///< of SeenStore::open, each time
  double cpu_s = 0;            ///< of all together, all threads
  std::uint64_t live = 0;      ///< keys
  std::string index;           ///< how the index came: the last line of the store's report that says so
  std::string saved;           ///< what the last clean stop before said of the index
  std::vector<double> stop_s;  ///< of the clean stop before, each time
};

/// Fills a store with `keys` keys in a process that is killed with SIGKILL then, and opens it `rounds` times after such
/// an end and `rounds` times after a clean stop, in turn. The page cache is warm.
std::vector<Starts> measure_starts(const std::filesystem::path& directory, std::uint64_t keys, int rounds);

}  // namespace firstseen::bench
