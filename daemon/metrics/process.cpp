#include "metrics/process.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "metrics/families.h"

namespace firstseen::metrics {
namespace {

// All from files, for the unit's system call filter leaves out what asks for limits. proc(5) explains the fields.

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<double> cpu_seconds() {
  const std::string stat = text_of("/proc/self/stat");
  const std::size_t end_of_name = stat.rfind(')');  // the name is the second field, and may hold anything
  if (end_of_name == std::string::npos) return {};
  constexpr int fields_between = 11;
  std::istringstream fields(stat.substr(end_of_name + 1));
  std::string skipped;
  for (int i = 0; i < fields_between; ++i) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(fields >> user >> system)) return {};
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::optional<double> resident_bytes() {
  std::istringstream fields(text_of("/proc/self/statm"));
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(fields >> all_pages >> resident_pages)) return {};
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::optional<double> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  int found = -1;  // reading the directory takes one
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++found;
  if (error) return {};
  return found;
}

std::optional<double> most_descriptors() {
  const std::string limits = text_of("/proc/self/limits");
  const std::string name = "Max open files";
  const std::size_t line = limits.find(name);
  if (line == std::string::npos) return {};
  std::istringstream fields(limits.substr(line + name.size()));
  std::string soft;
  fields >> soft;
  if (soft == "unlimited") return std::numeric_limits<double>::infinity();
  std::uint64_t limit = 0;
  if (!(std::istringstream(soft) >> limit)) return {};
  return static_cast<double>(limit);
}

}  // namespace

std::vector<prometheus::MetricFamily> process_families() {
  std::vector<prometheus::MetricFamily> all;
  const auto tell = [&all](Family family, std::optional<double> value) {
    if (value) family.add(*value);
    all.push_back(family.take());
  };
  tell(Family::counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds."), cpu_seconds());
  tell(Family::gauge("process_resident_memory_bytes", "Resident memory size in bytes."), resident_bytes());
  tell(Family::gauge("process_open_fds", "Number of open file descriptors."), open_descriptors());
  tell(Family::gauge("process_max_fds", "Maximum number of open file descriptors."), most_descriptors());
  return all;
}

}  // namespace firstseen::metrics
